# ruby-stomp as it comes from Debian, through all that a service does. Prints what it saw, as JSON.
require 'json'
require 'stomp'
require 'timeout'

HOST, PORT = ARGV[0].split(':')

def connect
  Stomp::Connection.new(
    hosts: [{ login: 'ann', passcode: 'secret', host: HOST, port: PORT.to_i }],
    connect_headers: { 'accept-version' => '1.2', 'host' => HOST, 'heart-beat' => '10000,10000' },
    reliable: false
  )
end

def frame(connection, command)
  one = connection.receive
  raise "#{one.command} #{one.headers} in the place of #{command}" unless one.command == command

  one
end

def receipt(connection, id)
  raise "no receipt #{id}" unless frame(connection, 'RECEIPT').headers['receipt-id'] == id
end

Timeout.timeout(60) do
  connection = connect
  work = '/queue/work'
  10.times do |n|
    connection.publish(work, "grüße #{n}", 'n' => n.to_s, 'x' => "a:b\nc\\d", 'receipt' => "r#{n}")
    receipt(connection, "r#{n}")
  end

  connection.begin('t')
  connection.publish(work, 'committed', 'n' => '10', 'transaction' => 't')
  connection.commit('t', 'receipt' => 'c')
  receipt(connection, 'c')
  connection.begin('u')
  connection.publish(work, 'aborted', 'transaction' => 'u')
  connection.abort('u', 'receipt' => 'a')
  receipt(connection, 'a')

  connection.subscribe(work, 'id' => 'w', 'ack' => 'client-individual')
  got = Array.new(11) { frame(connection, 'MESSAGE') }
  got[1..].each { |one| connection.ack(one.headers['ack']) }
  connection.nack(got[0].headers['ack'])
  connection.unsubscribe(work, 'id' => 'w', 'receipt' => 'u')
  receipt(connection, 'u')

  connection.subscribe('/topic/news', 'id' => 'n', 'receipt' => 's')
  receipt(connection, 's')
  connection.publish('/topic/news', 'extra')
  news = frame(connection, 'MESSAGE')

  connection.subscribe('/temp-queue/answers', 'id' => 't')
  connection.publish('/queue/asked', 'question', 'reply-to' => '/temp-queue/answers')
  other = connect
  other.subscribe('/queue/asked', 'id' => 'q')
  other.publish(frame(other, 'MESSAGE').headers['reply-to'], 'answer')
  answer = frame(connection, 'MESSAGE')
  other.disconnect

  text = ->(one) { one.body.dup.force_encoding('UTF-8') }
  puts JSON.generate(
    bodies: got.map(&text), headers: [got[0].headers['n'], got[0].headers['x']], news: text.(news), answer: text.(answer)
  )
  connection.disconnect
end
