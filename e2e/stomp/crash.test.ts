import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freePort } from '../../examples/demo/fabric-process.ts'
import { Running, temporaryFolder } from '../house/cli.ts'
import { StompClient } from './client.ts'

/** How often the host is killed, and how many senders and consumers there are. */
const kills = 4
const clients = 4
const destination = '/queue/work'

test(`killed ${kills} times under traffic, a host loses no message that had a RECEIPT`, async () => {
  using folder = temporaryFolder()
  const [http, stomp] = [String(await freePort()), String(await freePort())]
  const args = ['up', '--json', '--http', http, '--stomp', stomp, '--data', folder.at('data')]
  const address = `127.0.0.1:${stomp}`
  // Under its own name it takes its work up again at once.
  const env = { HEDDLE_INSTANCE: 'host' }
  let host = new Running(args, { env })
  await host.url()

  const received = new Set<string>()
  const sent = new Set<string>()
  const open = new Set<StompClient>()
  let [sending, consuming] = [true, true]

  /** Connects again and again, until there is nothing more to do. */
  async function client(going: () => boolean, work: (client: StompClient) => Promise<void>): Promise<void> {
    while (going()) {
      try {
        await using one = await StompClient.connect(address)
        open.add(one)
        while (going()) await work(one)
      } catch {
        // The host is down, or went down: what had no RECEIPT counts for nothing.
        await sleep(20)
      }
    }
  }
  const senders = Array.from({ length: clients }, (_, who) => {
    let count = 0
    return client(
      () => sending,
      async (one) => {
        const body = `${who}-${count++}`
        if ((await one.done('SEND', { destination }, body)).command === 'RECEIPT') sent.add(body)
      },
    )
  })
  const subscribed = new WeakSet<StompClient>()
  const consumers = Array.from({ length: clients }, () =>
    client(
      () => consuming,
      async (one) => {
        if (!subscribed.has(one))
          await one.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
        subscribed.add(one)
        const { body, headers } = await one.message()
        received.add(body)
        await one.done('ACK', { id: headers['ack'] })
      },
    ),
  )

  for (let kill = 0; kill < kills; kill++) {
    const before = sent.size
    while (sent.size < before + 50) await sleep(5)
    expect(await host.end('SIGKILL')).toBeNull()
    host = new Running(args, { env })
    await host.url()
  }
  sending = false
  await Promise.all(senders)
  const missing = (): string[] => [...sent].filter((body) => !received.has(body))
  while (missing().length > 0) await sleep(20)
  expect(missing()).toEqual([])
  consuming = false
  for (const one of open) one.socket.destroy()
  await Promise.all(consumers)
  expect(await host.end('SIGTERM')).toBe(0)
  expect(sent.size).toBeGreaterThan(kills * 50)
}, 240_000)
