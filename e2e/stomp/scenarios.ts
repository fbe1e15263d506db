import { type ClientFrame, StompClient } from './client.ts'
import { type Scenario, bodies, connect, messages, rest, scenario } from './scenario.ts'
/**
 * Scripts for STOMP clients. Each gives what the clients saw; `differential.test.ts` runs them against Heddle and against a real
 * ActiveMQ, and compares.
 *
 * @module
 */
import { later } from './scenarios-later.ts'
import { relied } from './scenarios-relied.ts'

const connecting = [
  ...['1.0', '1.1', '1.2', '1.0,1.1,1.2', '1.1,9.9', undefined].map((versions) =>
    scenario(`CONNECT with accept-version ${versions}`, async (stomp) => {
      await using client = await StompClient.open(stomp)
      return await client.ask('CONNECT', { 'accept-version': versions, login: 'a', passcode: 'b' })
    }),
  ),
  scenario('STOMP in the place of CONNECT, client-id, heart-beats, request-id', async (stomp) => {
    await using client = await StompClient.open(stomp)
    return await client.ask('STOMP', {
      'accept-version': '1.2',
      'client-id': `c${Math.random()}`,
      'heart-beat': '30000,20000',
      'request-id': '7',
    })
  }),
  scenario('a second CONNECT, and a frame before the first, end the connection', async (stomp) => {
    await using again = await connect(stomp)
    again.send('CONNECT', { 'accept-version': '1.2' })
    const first = await again.error()
    await again.closing()
    await using early = await StompClient.open(stomp)
    early.send('SEND', { destination: '/queue/x' })
    await early.closing()
    return first
  }),
  scenario('DISCONNECT with a receipt closes the connection', async (stomp) => {
    await using client = await connect(stomp)
    const receipt = await client.ask('DISCONNECT', { receipt: 'bye' })
    await client.closing()
    return receipt
  }),
]

const sending = [
  ...(['1.0', '1.1', '1.2'] as const).map((version) =>
    scenario(`headers of a message in ${version}`, async (stomp, of) => {
      await using client = await connect(stomp, { 'accept-version': version })
      const destination = of('/queue/a')
      const receipt = await client.ask(
        'SEND',
        {
          destination,
          receipt: 's',
          persistent: 'true',
          priority: 7,
          'correlation-id': 'c1',
          'reply-to': '/queue/answers',
          type: 'greeting',
          'content-type': 'text/plain',
          custom: version === '1.0' ? 'x y' : String.raw`x\cy\nz\\`,
        },
        'hello',
      )
      const subscribed = await client.done('SUBSCRIBE', { id: '1', destination, ack: 'auto' })
      return [receipt, subscribed, await client.message()]
    }),
  ),
  scenario('a body with content-length comes with one, and may hold a NUL', async (stomp, of) => {
    await using client = await connect(stomp)
    const destination = of('/queue/a')
    await client.done('SEND', { destination, 'content-length': 3 }, 'a\0b')
    await client.done('SEND', { destination, 'content-length': 0 })
    await client.done('SEND', { destination })
    await client.done('SUBSCRIBE', { id: '1', destination })
    return await messages(client, 3)
  }),
  scenario('the first of a repeated header counts', async (stomp, of) => {
    await using client = await connect(stomp)
    const destination = of('/queue/a')
    client.socket.write(`SEND\ndestination:${destination}\nh:1\nh:2\n\nx\0\n\n`)
    await client.done('SUBSCRIBE', { id: '1', destination })
    return await client.message()
  }),
  scenario('what a sender cannot say of its message is dropped', async (stomp, of) => {
    await using client = await connect(stomp)
    const destination = of('/queue/a')
    await client.done('SEND', {
      destination,
      'message-id': 'mine',
      redelivered: 'true',
      subscription: 'other',
      JMSXUserID: 'root',
      expires: 0,
      timestamp: 1234,
    })
    await client.done('SUBSCRIBE', { id: '1', destination })
    const message = await client.message()
    return { ...message, headers: { ...message.headers, timestamp: message.headers['timestamp'] === '1234' } }
  }),
  scenario('mistakes are answered, and the connection goes on', async (stomp, of) => {
    await using client = await connect(stomp)
    const commands: [string, Record<string, string>][] = [
      ['SEND', {}],
      ['SUBSCRIBE', { destination: '/queue/a' }],
      ['SUBSCRIBE', { id: '1' }],
      ['UNSUBSCRIBE', { id: 'none' }],
      ['UNSUBSCRIBE', {}],
      ['ACK', { id: 'none' }],
      ['ACK', {}],
      ['NACK', { id: 'none' }],
      ['BEGIN', {}],
      ['COMMIT', { transaction: 'none' }],
      ['ABORT', { transaction: 'none' }],
      ['SEND', { destination: of('/queue/a'), transaction: 'none' }],
      ['SUBSCRIBE', { id: '1', destination: of('/queue/a'), selector: 'a =' }],
    ]
    const answers: ClientFrame[] = []
    for (const [command, headers] of commands) answers.push(await client.done(command, headers))
    answers.push(await client.done('SEND', { destination: of('/queue/a') }, 'alive'))
    return answers
  }),
  scenario('an unknown command ends the connection', async (stomp) => {
    await using client = await connect(stomp)
    client.send('PUBLISH')
    const error = await client.error()
    await client.closing()
    return error
  }),
]

const acknowledging = [
  scenario('auto: what was sent is done', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2', '3']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { id: '1', destination })
    const got = await messages(client, 3)
    await client.done('DISCONNECT')
    return [got, await rest(stomp, destination)]
  }),
  scenario('client: an ACK is for all before it, too', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2', '3']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client' })
    const got = await messages(client, 3)
    const answers = [await client.done('ACK', { id: got[1]!.headers['ack'] })]
    answers.push(await client.done('ACK', { id: got[0]!.headers['ack'] }))
    await client.done('DISCONNECT')
    return [bodies(got), answers, await rest(stomp, destination)]
  }),
  scenario('client-individual: each by itself, out of order', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2', '3']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    const got = await messages(client, 3)
    await client.done('ACK', { id: got[2]!.headers['ack'] })
    await client.done('ACK', { id: got[0]!.headers['ack'] })
    await client.done('DISCONNECT')
    return [bodies(got), await rest(stomp, destination)]
  }),
  scenario('1.1: by message-id and subscription', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp, { 'accept-version': '1.1' })
    for (const body of ['1', '2']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { id: 'x', destination, ack: 'client-individual' })
    const got = await messages(client, 2)
    const id = got[0]!.headers['message-id']
    const answers = [
      await client.done('ACK', { 'message-id': id }),
      await client.done('ACK', { subscription: 'x' }),
      await client.done('ACK', { 'message-id': id, subscription: 'x' }),
    ]
    await client.done('DISCONNECT')
    return [got.map(({ headers }) => 'ack' in headers), answers, await rest(stomp, destination)]
  }),
  scenario('1.0: by message-id alone, without ids of subscriptions', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp, { 'accept-version': '1.0' })
    for (const body of ['1', '2']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { destination, ack: 'client' })
    const got = await messages(client, 2)
    const answers = [
      await client.done('ACK', { 'message-id': got[0]!.headers['message-id'] }),
      await client.done('NACK', { 'message-id': got[1]!.headers['message-id'] }),
      await client.done('UNSUBSCRIBE', { destination }),
    ]
    await client.done('DISCONNECT')
    return [got, answers, await rest(stomp, destination)]
  }),
  scenario('NACK: it does not come again', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2']) await client.done('SEND', { destination, persistent: 'true' }, body)
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client' })
    const got = await messages(client, 2)
    const answer = await client.done('NACK', { id: got[1]!.headers['ack'] })
    await client.done('DISCONNECT')
    return [answer, await rest(stomp, destination)]
  }),
  scenario('what was not acknowledged comes again, and says so', async (stomp, of) => {
    const destination = of('/queue/a')
    const first = await connect(stomp)
    for (const body of ['1', '2']) await first.done('SEND', { destination }, body)
    await first.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    const got = await messages(first, 2)
    await first.done('ACK', { id: got[0]!.headers['ack'] })
    await first[Symbol.asyncDispose]()
    await using second = await connect(stomp)
    await second.done('SUBSCRIBE', { id: '2', destination, ack: 'client-individual' })
    return await second.message()
  }),
  scenario('UNSUBSCRIBE gives back what was not acknowledged', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SEND', { destination }, '1')
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client' })
    const got = await client.message()
    const answers = [
      await client.done('UNSUBSCRIBE', { id: '1' }),
      await client.done('UNSUBSCRIBE', { id: '1' }),
    ]
    await client.done('SUBSCRIBE', { id: '2', destination, ack: 'client' })
    const again = await client.message()
    return [got.body, answers, again]
  }),
  scenario('prefetch: no more than that is given before an ACK', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2', '3']) await client.done('SEND', { destination }, body)
    const subscribe = { id: '1', destination, ack: 'client-individual', 'activemq.prefetchSize': 1 }
    await client.done('SUBSCRIBE', subscribe)
    const first = await client.message()
    // The receipt of what comes after it shows that nothing else was sent.
    await client.done('SEND', { destination: of('/queue/other') })
    const early = client.frames.length
    await client.done('ACK', { id: first.headers['ack'] })
    const second = await client.message()
    return [first.body, early, second.body]
  }),
]

const transacting = [
  scenario('SENDs are seen after COMMIT, and never after ABORT', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    const answers = [
      await client.done('BEGIN', { transaction: 't' }),
      await client.done('BEGIN', { transaction: 't' }),
      await client.done('SEND', { destination, transaction: 't' }, 'committed'),
      await client.done('BEGIN', { transaction: 'u' }),
      await client.done('SEND', { destination, transaction: 'u' }, 'aborted'),
    ]
    const before = await rest(stomp, destination)
    answers.push(
      await client.done('COMMIT', { transaction: 't' }),
      await client.done('ABORT', { transaction: 'u' }),
    )
    return [answers, before, await rest(stomp, destination)]
  }),
  scenario('ACKs are done with COMMIT', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2', '3']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    const got = await messages(client, 3)
    await client.done('BEGIN', { transaction: 't' })
    await client.done('ACK', { id: got[0]!.headers['ack'], transaction: 't' })
    const committed = await client.done('COMMIT', { transaction: 't' })
    await client.done('BEGIN', { transaction: 'u' })
    await client.done('ACK', { id: got[1]!.headers['ack'], transaction: 'u' })
    const aborted = await client.done('ABORT', { transaction: 'u' })
    await client.done('DISCONNECT')
    return [committed, aborted, await rest(stomp, destination)]
  }),
  scenario('over several destinations, and cut off before COMMIT', async (stomp, of) => {
    const [a, b] = [of('/queue/a'), of('/queue/b')]
    await using client = await connect(stomp)
    await client.done('BEGIN', { transaction: 't' })
    await client.done('SEND', { destination: a, transaction: 't' }, 'to a')
    await client.done('SEND', { destination: b, transaction: 't' }, 'to b')
    await client.done('COMMIT', { transaction: 't' })
    const cut = await connect(stomp)
    await cut.done('BEGIN', { transaction: 't' })
    await cut.done('SEND', { destination: a, transaction: 't' }, 'never')
    await cut[Symbol.asyncDispose]()
    return [await rest(stomp, a), await rest(stomp, b)]
  }),
]

const destinations = [
  scenario('a topic: to all that are there, from now on', async (stomp, of) => {
    const destination = of('/topic/a')
    await using client = await connect(stomp)
    await client.done('SEND', { destination }, 'before')
    await using other = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    await other.done('SUBSCRIBE', { id: '2', destination })
    await client.done('SEND', { destination }, 'x')
    return [await client.message(), await other.message()]
  }),
  scenario('a topic: a SEND right behind a SUBSCRIBE is seen', async (stomp, of) => {
    const destination = of('/topic/a')
    await using client = await connect(stomp)
    client.send('SUBSCRIBE', { id: '1', destination })
    client.send('SEND', { destination }, 'x')
    return (await client.message()).body
  }),
  scenario('a queue: shared by its consumers', async (stomp, of) => {
    const destination = of('/queue/a')
    await using one = await connect(stomp)
    await using two = await connect(stomp)
    const headers = { id: '1', destination, ack: 'client-individual', 'activemq.prefetchSize': 1 }
    await one.done('SUBSCRIBE', headers)
    await two.done('SUBSCRIBE', headers)
    for (const body of ['1', '2']) await one.done('SEND', { destination }, body)
    return [(await one.message()).body, (await two.message()).body].sort()
  }),
  scenario('a durable subscription of a topic', async (stomp, of) => {
    const destination = of('/topic/a')
    const clientId = of('client')
    const subscribe = { id: '1', destination, 'activemq.subscriptionName': 'mine' }
    const first = await connect(stomp, { 'client-id': clientId })
    await first.done('SUBSCRIBE', subscribe)
    await first.done('DISCONNECT')
    await using sender = await connect(stomp)
    await sender.done('SEND', { destination, persistent: 'true' }, 'meanwhile')
    await using second = await connect(stomp, { 'client-id': clientId })
    await second.done('SUBSCRIBE', subscribe)
    const got = await second.message()
    await second.done('UNSUBSCRIBE', { id: '1' })
    const deleted = await second.done('UNSUBSCRIBE', { id: '1', 'activemq.subscriptionName': 'mine' })
    await sender.done('SEND', { destination, persistent: 'true' }, 'after the end')
    await second.done('SUBSCRIBE', subscribe)
    await sender.done('SEND', { destination, persistent: 'true' }, 'anew')
    return [got, deleted, await second.message()]
  }),
  scenario('wildcards of topics, also for topics that come later', async (stomp, of) => {
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: 'one', destination: `${of('/topic/w')}.*` })
    await client.done('SUBSCRIBE', { id: 'all', destination: `${of('/topic/w')}.>` })
    await client.done('SEND', { destination: `${of('/topic/w')}.a` }, '1')
    await client.done('SEND', { destination: `${of('/topic/w')}.a.b` }, '2')
    const got = await messages(client, 3)
    return got
      .map(({ headers, body }) => [headers['subscription'], headers['destination'], body].join(' '))
      .sort()
  }),
  scenario('wildcards of queues', async (stomp, of) => {
    await using client = await connect(stomp)
    await client.done('SEND', { destination: `${of('/queue/w')}.a` }, '1')
    await client.done('SUBSCRIBE', { id: 'all', destination: `${of('/queue/w')}.>` })
    await client.done('SEND', { destination: `${of('/queue/w')}.b` }, '2')
    const got = await messages(client, 2)
    return got.map(({ headers, body }) => [headers['destination'], body].join(' ')).sort()
  }),
  scenario('composite destinations', async (stomp, of) => {
    const [a, b] = [of('/queue/a'), of('/topic/b')]
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: 'b', destination: b })
    await client.done('SEND', { destination: `${a},${b}` }, 'x')
    await client.done('SUBSCRIBE', { id: 'a', destination: a })
    const got = await messages(client, 2)
    // ActiveMQ adds an original-destination, in which it writes the composite in a form that it would not read itself.
    return got
      .map(({ body, headers }) => [headers['subscription'], headers['destination'], body].join(' '))
      .sort()
  }),
  scenario('a virtual topic and its queues', async (stomp, of) => {
    const name = `VirtualTopic.${of('x')}`
    await using client = await connect(stomp)
    await client.done('SEND', { destination: `/topic/${name}` }, 'before')
    await client.done('SUBSCRIBE', { id: 'a', destination: `/queue/Consumer.A.${name}` })
    await client.done('SUBSCRIBE', { id: 'b', destination: `/queue/Consumer.B.${name}` })
    await client.done('SUBSCRIBE', { id: 'live', destination: `/topic/${name}` })
    await client.done('SEND', { destination: `/topic/${name}` }, 'x')
    const got = await messages(client, 3)
    return got.sort((one, other) => (one.headers['subscription']! < other.headers['subscription']! ? -1 : 1))
  }),
  scenario('a temporary queue for an answer', async (stomp, of) => {
    const destination = of('/queue/asked')
    await using asker = await connect(stomp)
    await asker.done('SUBSCRIBE', { id: 't', destination: '/temp-queue/answers' })
    await asker.done('SEND', { destination, 'reply-to': '/temp-queue/answers' }, 'question')
    await using answerer = await connect(stomp)
    await answerer.done('SUBSCRIBE', { id: '1', destination })
    const question = await answerer.message()
    await answerer.done('SEND', { destination: question.headers['reply-to'] }, 'answer')
    const answer = await asker.message()
    return [question.headers['reply-to']!.split('ID')[0], answer]
  }),
  scenario('selectors', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', {
      id: '1',
      destination,
      selector: "region = 'eu' AND size > 10 OR kind IS NULL",
    })
    await client.done('SEND', { destination, region: 'eu', size: '12', kind: 'x' }, 'wanted')
    await client.done('SEND', { destination, region: 'us', size: '12', kind: 'x' }, 'left')
    await client.done('SEND', { destination, region: 'us' }, 'no kind')
    const got = bodies(await messages(client, 2))
    await client.done('UNSUBSCRIBE', { id: '1' })
    return [got, await rest(stomp, destination)]
  }),
  scenario('names with other characters', async (stomp, of) => {
    const destination = `${of('/queue/a')}/b c_2F-é`
    await using client = await connect(stomp)
    await client.done('SEND', { destination }, 'x')
    await client.done('SUBSCRIBE', { id: '1', destination })
    return await client.message()
  }),
  scenario('destinations that are none', async (stomp) => {
    await using client = await connect(stomp)
    return [
      await client.done('SUBSCRIBE', { id: '1', destination: '' }),
      await client.done('SUBSCRIBE', { id: '1', destination: '/remote-temp-queue/ID:nobody:1' }),
    ]
  }),
]

export const scenarios: readonly Scenario[] = [
  ...connecting,
  ...sending,
  ...acknowledging,
  ...transacting,
  ...destinations,
  ...relied,
  ...later,
]
