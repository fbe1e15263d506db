// go-stomp as it comes from the Go proxy, through all that a service does. Prints what it saw, as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/go-stomp/stomp/v3"
)

const patience = 60 * time.Second

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func connect() *stomp.Conn {
	connection, err := stomp.Dial("tcp", os.Args[1],
		stomp.ConnOpt.Login("ann", "secret"),
		stomp.ConnOpt.AcceptVersion(stomp.V12),
		stomp.ConnOpt.HeartBeat(10*time.Second, 10*time.Second))
	must(err)
	return connection
}

func next(subscription *stomp.Subscription) *stomp.Message {
	select {
	case message := <-subscription.C:
		must(message.Err)
		return message
	case <-time.After(patience):
		log.Fatal("no message came")
		return nil
	}
}

func main() {
	connection := connect()
	work := "/queue/work"
	for n := 0; n < 10; n++ {
		must(connection.Send(work, "text/plain", []byte(fmt.Sprintf("grüße %d", n)), stomp.SendOpt.Receipt,
			stomp.SendOpt.Header("n", strconv.Itoa(n)), stomp.SendOpt.Header("x", "a:b\nc\\d")))
	}

	transaction, err := connection.BeginWithError()
	must(err)
	must(transaction.Send(work, "text/plain", []byte("committed"), stomp.SendOpt.Header("n", "10")))
	must(transaction.Commit())
	transaction, err = connection.BeginWithError()
	must(err)
	must(transaction.Send(work, "text/plain", []byte("aborted")))
	must(transaction.Abort())

	subscription, err := connection.Subscribe(work, stomp.AckClientIndividual)
	must(err)
	var got []*stomp.Message
	for len(got) < 11 {
		got = append(got, next(subscription))
	}
	for _, message := range got[1:] {
		must(connection.Ack(message))
	}
	must(connection.Nack(got[0]))
	must(subscription.Unsubscribe())

	news, err := connection.Subscribe("/topic/news", stomp.AckAuto)
	must(err)
	must(connection.Send("/topic/news", "text/plain", []byte("extra")))
	extra := next(news)

	answers, err := connection.Subscribe("/temp-queue/answers", stomp.AckAuto)
	must(err)
	must(connection.Send("/queue/asked", "text/plain", []byte("question"),
		stomp.SendOpt.Header("reply-to", "/temp-queue/answers")))
	other := connect()
	asked, err := other.Subscribe("/queue/asked", stomp.AckAuto)
	must(err)
	must(other.Send(next(asked).Header.Get("reply-to"), "text/plain", []byte("answer")))
	answer := next(answers)
	must(other.Disconnect())

	bodies := []string{}
	for _, message := range got {
		bodies = append(bodies, string(message.Body))
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"bodies":  bodies,
		"headers": []string{got[0].Header.Get("n"), got[0].Header.Get("x")},
		"news":    string(extra.Body),
		"answer":  string(answer.Body),
	}))
	must(connection.Disconnect())
}
