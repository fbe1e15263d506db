"""stomp.py as it comes from PyPI, through all that a service does. Prints what it saw, as JSON."""

import json
import queue
import sys

import stomp

host, port = sys.argv[1].split(":")
PATIENCE = 60


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.messages = queue.Queue()
        self.receipts = queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        print("ERROR", frame.headers.get("message"), file=sys.stderr)


def connect():
    listener = Listener()
    connection = stomp.Connection12([(host, int(port))], heartbeats=(10000, 10000))
    connection.set_listener("", listener)
    connection.connect("ann", "secret", wait=True)
    return connection, listener


def wait_for(listener, receipt):
    assert listener.receipts.get(timeout=PATIENCE) == receipt


connection, listener = connect()
work = "/queue/work"
for n in range(10):
    connection.send(work, f"grüße {n}", headers={"n": str(n), "x": "a:b\nc\\d", "receipt": f"r{n}"})
    wait_for(listener, f"r{n}")

transaction = connection.begin()
connection.send(work, "committed", headers={"n": "10"}, transaction=transaction)
connection.commit(transaction, headers={"receipt": "c"})
wait_for(listener, "c")
transaction = connection.begin()
connection.send(work, "aborted", transaction=transaction)
connection.abort(transaction, headers={"receipt": "a"})
wait_for(listener, "a")

connection.subscribe(work, id="w", ack="client-individual")
got = [listener.messages.get(timeout=PATIENCE) for _ in range(11)]
for frame in got[1:]:
    connection.ack(frame.headers["ack"])
connection.nack(got[0].headers["ack"])
connection.unsubscribe("w", headers={"receipt": "u"})
wait_for(listener, "u")

connection.subscribe("/topic/news", id="n", ack="auto", headers={"receipt": "s"})
wait_for(listener, "s")
connection.send("/topic/news", "extra")
news = listener.messages.get(timeout=PATIENCE)

connection.subscribe("/temp-queue/answers", id="t", ack="auto")
connection.send("/queue/asked", "question", headers={"reply-to": "/temp-queue/answers"})
other, asked = connect()
other.subscribe("/queue/asked", id="q", ack="auto")
question = asked.messages.get(timeout=PATIENCE)
other.send(question.headers["reply-to"], "answer")
answer = listener.messages.get(timeout=PATIENCE)
other.disconnect()

print(
    json.dumps(
        {
            "bodies": [frame.body for frame in got],
            "headers": [got[0].headers["n"], got[0].headers["x"]],
            "news": news.body,
            "answer": answer.body,
        }
    )
)
connection.disconnect("bye")
