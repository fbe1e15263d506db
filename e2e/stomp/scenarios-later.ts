import type { ClientFrame } from './client.ts'
import { type Scenario, bodies, connect, messages, rest, scenario } from './scenario.ts'

const secondMs = 1_000

/** However slow the machine is, what is compared must not depend on what came first. */
const byBody = (frames: readonly ClientFrame[]): readonly ClientFrame[] =>
  [...frames].sort((one, other) => (one.body < other.body ? -1 : 1))

/** Messages for later: AMQ_SCHEDULED_DELAY, _PERIOD, _REPEAT and _CRON. */
export const later: readonly Scenario[] = [
  scenario('a delay: with the headers of the message but those of the delay', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    const headers = {
      destination,
      AMQ_SCHEDULED_DELAY: 2 * secondMs,
      colour: 'red',
      priority: 7,
      persistent: 'true',
    }
    await client.done('SEND', headers, 'later')
    await client.done('SEND', { destination }, 'now')
    return byBody(await messages(client, 2))
  }),
  scenario('delays in the order in which they are due', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    await client.done('BEGIN', { transaction: 't' })
    const headers = { destination, transaction: 't', JMSXGroupID: 'g' }
    await client.done('SEND', { ...headers, AMQ_SCHEDULED_DELAY: 2 * secondMs }, 'second')
    await client.done('SEND', { ...headers, AMQ_SCHEDULED_DELAY: 1 * secondMs }, 'first')
    await client.done('COMMIT', { transaction: 't' })
    return bodies(await messages(client, 2))
  }),
  scenario('a period and a repeat: so often after the first time', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    const times = { AMQ_SCHEDULED_DELAY: 100, AMQ_SCHEDULED_PERIOD: 200, AMQ_SCHEDULED_REPEAT: 2 }
    await client.done('SEND', { destination, ...times }, 'x')
    const got = await messages(client, 3)
    await client.done('SEND', { destination, AMQ_SCHEDULED_DELAY: 2 * secondMs }, 'end')
    // No fourth one comes before it.
    return [
      got,
      bodies(await messages(client, 1)),
      new Set(got.map(({ headers }) => headers['message-id'])).size,
    ]
  }),
  scenario('a period alone: once, a period later; a repeat alone says nothing', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    await client.done('SEND', { destination, AMQ_SCHEDULED_PERIOD: 300 }, 'period')
    await client.done('SEND', { destination, AMQ_SCHEDULED_REPEAT: 3 }, 'repeat')
    const got = byBody(await messages(client, 2))
    await client.done('SEND', { destination, AMQ_SCHEDULED_DELAY: 2 * secondMs }, 'end')
    return [got, bodies(await messages(client, 1))]
  }),
  scenario('no delay is now; what is too often is refused', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    const often = { AMQ_SCHEDULED_DELAY: 1, AMQ_SCHEDULED_REPEAT: 1001 }
    const refused = await client.done('SEND', { destination, ...often }, 'often')
    await client.done('SEND', { destination, AMQ_SCHEDULED_DELAY: 0 }, 'now')
    const got = await client.message()
    await client.done('DISCONNECT')
    return [refused, got, await rest(stomp, destination)]
  }),
  scenario(
    'in a transaction: counted from its commit, and nothing of one that is aborted',
    async (stomp, of) => {
      const destination = of('/queue/a')
      await using client = await connect(stomp)
      await client.done('SUBSCRIBE', { id: '1', destination })
      for (const [transaction, end] of [
        ['a', 'ABORT'],
        ['b', 'COMMIT'],
      ] as const) {
        await client.done('BEGIN', { transaction })
        await client.done(
          'SEND',
          { destination, transaction, AMQ_SCHEDULED_DELAY: 300 },
          `${transaction} later`,
        )
        await client.done('SEND', { destination, transaction }, `${transaction} now`)
        await client.done(end, { transaction })
      }
      const got = bodies(await messages(client, 2))
      await client.done('SEND', { destination, AMQ_SCHEDULED_DELAY: 2 * secondMs }, 'end')
      return [got, bodies(await messages(client, 1))]
    },
  ),
  scenario('to a topic, and to several destinations', async (stomp, of) => {
    const [queue, topic] = [of('/queue/a'), of('/topic/b')]
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination: queue })
    await client.done('SUBSCRIBE', { id: '2', destination: topic })
    await client.done('SEND', { destination: `${queue},${topic}`, AMQ_SCHEDULED_DELAY: 300 }, 'x')
    const got = await messages(client, 2)
    return got.map(({ body, headers }) => `${headers['destination']} ${body}`).sort()
  }),
  scenario('a message expires so long after it was sent', async (stomp, of) => {
    const destination = of('/queue/a')
    await using client = await connect(stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    const expires = Date.now() + 600 * secondMs
    await client.done('SEND', { destination, AMQ_SCHEDULED_DELAY: secondMs, expires }, 'x')
    const { body, headers } = await client.message()
    return [body, Number(headers['expires']) >= expires + secondMs]
  }),
]
