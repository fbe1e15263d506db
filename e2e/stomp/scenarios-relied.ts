/**
 * Scripts for what ActiveMQ's STOMP users rely on beyond the protocol; see scenarios.ts.
 *
 * @module
 */
import { type Scenario, bodies, connect, messages, rest, scenario } from './scenario.ts'

export const relied: readonly Scenario[] = [
  scenario(
    'browser:true shows what is in a queue, says when that was all, and takes nothing',
    async (stomp, of) => {
      const destination = of('/queue/a')
      await using client = await connect(stomp)
      for (const body of ['1', '2', '3']) await client.done('SEND', { destination, n: body }, body)
      const browse = { destination, browser: 'true' }
      await client.done('SUBSCRIBE', { ...browse, id: 'auto' })
      const seen = await messages(client, 4)
      await client.done('SUBSCRIBE', { ...browse, id: 'client', ack: 'client', selector: "n = '2'" })
      const selected = await messages(client, 2)
      await client.done('UNSUBSCRIBE', { id: 'auto' })
      await client.done('SUBSCRIBE', { ...browse, destination: of('/queue/empty'), id: 'empty' })
      const empty = await client.message()
      const topic = await client.done('SUBSCRIBE', { ...browse, destination: of('/topic/a'), id: 'topic' })
      return [seen, selected, empty, topic, await rest(stomp, destination)]
    },
  ),
  scenario('browser:true shows what others hold', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const body of ['1', '2']) await client.done('SEND', { destination }, body)
    await client.done('SUBSCRIBE', { id: 'worker', destination, ack: 'client-individual' })
    const held = await messages(client, 2)
    await client.done('ACK', { id: held[0]!.headers['ack'] })
    await using other = await connect(stomp)
    await other.done('SUBSCRIBE', { id: 'look', destination, browser: 'true' })
    return bodies(await messages(other, 2))
  }),
  scenario('an exclusive consumer gets all', async (stomp, of) => {
    const destination = of('/queue/a')
    await using plain = await connect(stomp)
    await using first = await connect(stomp)
    await using second = await connect(stomp)
    const subscribe = { id: '1', destination, ack: 'client-individual' }
    await plain.done('SUBSCRIBE', subscribe)
    await first.done('SUBSCRIBE', { ...subscribe, 'activemq.exclusive': 'true' })
    await second.done('SUBSCRIBE', { ...subscribe, 'activemq.exclusive': 'true' })
    for (const body of ['1', '2']) await plain.done('SEND', { destination }, body)
    // When it goes, ActiveMQ now and then gives what it had to a plain one before the next exclusive one.
    return [bodies(await messages(first, 2)), plain.frames, second.frames]
  }),
  scenario('a group stays in order, and with one consumer', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    for (const [JMSXGroupID, body] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['b', 'b1'],
      ['a', 'a3'],
    ] as const)
      await client.done('SEND', { destination, JMSXGroupID }, body)
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    const got = []
    while (got.length < 4) {
      const { body, headers } = await client.message()
      got.push(body)
      await client.done('ACK', { id: headers['ack'] })
    }
    return [got.filter((body) => body.startsWith('a')), got.filter((body) => body.startsWith('b'))]
  }),
  scenario('what was given up is in ActiveMQ.DLQ', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    const mine = of('mine')
    const send = { destination, persistent: 'true', mine }
    await client.done('SEND', { ...send, a: 'b', 'correlation-id': '7' }, 'bad')
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    await client.done('NACK', { id: (await client.message()).headers['ack'] })
    const dead = { id: '2', destination: '/queue/ActiveMQ.DLQ', selector: `mine = '${mine}'`, ack: 'client' }
    await client.done('SUBSCRIBE', dead)
    const { body, headers } = await client.message()
    const acked = await client.done('ACK', { id: headers['ack'] })
    const { a, destination: where, expires, originalExpiration } = headers
    return [
      body,
      [a, where, expires, originalExpiration, headers['original-destination'], headers['correlation-id']],
      acked,
    ]
  }),
  scenario('what has expired is in ActiveMQ.DLQ', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    const mine = of('mine')
    const send = { destination, persistent: 'true', mine }
    await client.done('SEND', { ...send, expires: Date.now() - 1_000 }, 'late')
    await client.done('SEND', send, 'in time')
    await client.done('SUBSCRIBE', { id: '1', destination })
    const got = await client.message()
    const dead = { id: '2', destination: '/queue/ActiveMQ.DLQ', selector: `mine = '${mine}'` }
    await client.done('SUBSCRIBE', dead)
    const { body, headers } = await client.message()
    return [got.body, body, headers['original-destination'], headers['expires']]
  }),
  ...(
    [
      ['jms-map-json', '{"map":{"entry":[{"string":["name","ann & <b>"]}]}}'],
      ['jms-map-json', '{"map":{"entry":{"string":"size","int":7}}}'],
      ['jms-map-json', '{"map":""}'],
      ['jms-map-xml', '<map>\n<entry><string>ok</string><boolean>true</boolean></entry></map>'],
      ['jms-map-xml', '<map><entry><string>a&amp;b</string><string>x &lt; "y"</string></entry></map>'],
    ] as const
  ).map(([transformation, sent]) =>
    scenario(`a map, sent as ${transformation}, in each form: ${sent}`, async (stomp, of) => {
      const destination = of('/topic/maps')
      await using client = await connect(stomp)
      for (const form of ['jms-map-json', 'jms-map-xml', 'jms-json', 'jms-xml'])
        await client.done('SUBSCRIBE', { id: form, destination, transformation: form })
      await client.done('SEND', { destination, transformation, persistent: 'true' }, sent)
      const got = await messages(client, 4)
      return got.sort((one, other) =>
        one.headers['subscription']! < other.headers['subscription']! ? -1 : 1,
      )
    }),
  ),
  scenario('retroactive: nothing is lost between SUBSCRIBE and SEND', async (stomp, of) => {
    const destination = of('/topic/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination, 'activemq.retroactive': 'true' })
    await client.done('SEND', { destination }, 'x')
    return await client.message()
  }),
  scenario('a request and its answer, over temporary queues, many at once', async (stomp, of) => {
    const destination = of('/queue/asked')
    await using answerer = await connect(stomp)
    await using asker = await connect(stomp)
    await answerer.done('SUBSCRIBE', { id: 'work', destination, ack: 'client-individual' })
    await asker.done('SUBSCRIBE', { id: 'answers', destination: '/temp-queue/answers' })
    for (let n = 0; n < 10; n++)
      asker.send('SEND', { destination, 'reply-to': '/temp-queue/answers', 'correlation-id': n }, `${n}`)
    for (let n = 0; n < 10; n++) {
      const { body, headers } = await answerer.message()
      const answer = { destination: headers['reply-to'], 'correlation-id': headers['correlation-id'] }
      answerer.send('SEND', answer, `answer to ${body}`)
      await answerer.done('ACK', { id: headers['ack'] })
    }
    const answers = await messages(asker, 10)
    return answers.map(({ body, headers }) => [body, headers['correlation-id'], headers['destination']])
  }),
  scenario('several durable subscriptions of one topic, each by its own name', async (stomp, of) => {
    const destination = of('/topic/a')
    const clientId = of('client')
    const first = await connect(stomp, { 'client-id': clientId })
    for (const name of ['one', 'two'])
      await first.done('SUBSCRIBE', { id: name, destination, 'activemq.subscriptionName': name })
    await first.done('DISCONNECT')
    await using sender = await connect(stomp)
    await sender.done('SEND', { destination, persistent: 'true' }, 'x')
    await using again = await connect(stomp, { 'client-id': clientId })
    for (const name of ['one', 'two'])
      await again.done('SUBSCRIBE', { id: name, destination, 'activemq.subscriptionName': name })
    await sender.done('SEND', { destination, persistent: 'true' }, 'y')
    const got = await messages(again, 4)
    return got.map(({ body, headers }) => `${headers['subscription']} ${body}`).sort()
  }),
]
