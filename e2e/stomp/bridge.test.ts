import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BridgeOptions, bridge } from '../../packages/heddle/src/bridge/bridge.ts'
import { type ActiveMq, startActiveMq } from '../../tools/services/activemq/activemq.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { heddle as command } from '../house/cli.ts'
import { StompClient } from './client.ts'
import { type TestStomp, startHeddle } from './heddle.ts'

/** How long moving a queue may take, in milliseconds: beyond any load. */
const patienceMs = 240_000

describe.runIf(servicesAvailable('activemq'))('heddle bridge activemq', () => {
  let activemq: ActiveMq
  let heddle: TestStomp

  beforeAll(async () => {
    ;[activemq, heddle] = await Promise.all([startActiveMq(), startHeddle()])
  }, 600_000)
  afterAll(() => Promise.all([activemq.stop(), heddle[Symbol.asyncDispose]()]))

  const addressOf = (stomp: string) => {
    const [host, port] = stomp.split(':')
    return { host: host!, port: Number(port), tls: false, login: 'ann', passcode: 'secret' }
  }
  const optionsOf = (more: Partial<BridgeOptions>): BridgeOptions => ({
    name: 'test',
    activemq: addressOf(activemq.stomp),
    heddle: addressOf(heddle.stomp),
    destinations: ['/queue/work'],
    directions: ['to-heddle'],
    untilEmpty: true,
    forget: true,
    report: () => {},
    reportMs: 1_000,
    signal: new AbortController().signal,
    started: () => {},
    lost: () => {},
    ...more,
  })
  async function fill(stomp: string, destination: string, bodies: readonly string[]): Promise<void> {
    await using client = await StompClient.connect(stomp)
    for (const [n, body] of bodies.entries())
      await client.done('SEND', { destination, persistent: 'true', n, x: String.raw`a\cb` }, body)
  }
  /** All that waits in a queue, taken. */
  async function take(stomp: string, destination: string): Promise<string[]> {
    await using client = await StompClient.connect(stomp)
    await client.done('SEND', { destination }, 'end')
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    const bodies: string[] = []
    for (;;) {
      const { body, headers } = await client.message()
      await client.done('ACK', { id: headers['ack'] })
      if (body === 'end') return bodies
      bodies.push(`${body} ${headers['n']} ${headers['x']}`)
    }
  }
  const bodies = Array.from({ length: 20 }, (_, n) => `grüße ${n}`)
  const whole = bodies.map((body, n) => `${body} ${n} ${String.raw`a\cb`}`)

  test(
    'cuts a queue over, rolls it back, and cuts it over again, as a command',
    async () => {
      const destination = '/queue/moved'
      const run = async (direction: string) => {
        const args = ['bridge', 'activemq', destination, '--direction', direction, '--until-empty', '--json']
        const brokers = ['--activemq', activemq.stomp, '--heddle', heddle.stomp]
        const { code, stdout, stderr } = await command([...args, ...brokers])
        expect([code, stderr]).toEqual([0, 'mirroring\n'])
        const reports = JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown[]
        expect(reports).toMatchObject([{ destination, direction, received: 20, sent: 20, missing: 0 }])
      }
      await fill(activemq.stomp, destination, bodies)
      await run('to-heddle')
      await run('to-activemq')
      await run('to-heddle')
      expect(await take(activemq.stomp, destination)).toEqual([])
      expect(await take(heddle.stomp, destination)).toEqual(whole)
    },
    patienceMs,
  )

  test(
    'mirrors a topic both ways, each message once, and verifies what arrived',
    async () => {
      const destination = '/topic/prices'
      const stop = new AbortController()
      const [seen, started] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const running = bridge(
        optionsOf({
          destinations: [destination],
          directions: ['to-heddle', 'to-activemq'],
          untilEmpty: false,
          signal: stop.signal,
          started: started.resolve,
          reportMs: 50,
          report: (reports) => reports.every(({ verified }) => verified === 2) && seen.resolve(),
        }),
      )
      try {
        await using here = await StompClient.connect(heddle.stomp)
        await using there = await StompClient.connect(activemq.stomp)
        for (const client of [here, there]) await client.done('SUBSCRIBE', { id: '1', destination })
        await started.promise
        const crossed = async (from: StompClient, to: StompClient, body: string): Promise<void> => {
          await from.done('SEND', { destination, persistent: 'true' }, body)
          await to.take((frame) => frame.body === body)
        }
        for (const body of ['1', '2']) {
          await crossed(here, there, `here ${body}`)
          await crossed(there, here, `there ${body}`)
        }
        await seen.promise
        stop.abort()
        const reports = await running
        expect(reports).toMatchObject([
          { direction: 'to-heddle', received: 2, sent: 2, verified: 2, differing: 0, twice: 0 },
          { direction: 'to-activemq', received: 2, sent: 2, verified: 2, differing: 0, twice: 0 },
        ])
        // Its own, once each: nothing went round.
        expect(here.frames.map(({ body }) => body).sort()).toEqual(['here 1', 'here 2'])
        expect(there.frames.map(({ body }) => body).sort()).toEqual(['there 1', 'there 2'])
      } finally {
        stop.abort()
        await running
      }
    },
    patienceMs,
  )

  test(
    'goes on when a broker is gone for a while, and sends nothing twice',
    async () => {
      const destination = '/queue/outage'
      await fill(activemq.stomp, destination, bodies.slice(0, 15))
      const stop = new AbortController()
      const lost = Promise.withResolvers<void>()
      const options = {
        destinations: [destination],
        untilEmpty: false,
        signal: stop.signal,
        lost: () => lost.resolve(),
      }
      const running = bridge(optionsOf(options))
      try {
        await using look = await StompClient.connect(heddle.stomp)
        await look.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
        await look.message()
        await activemq.kill()
        await lost.promise
        await activemq.restart()
        await fill(activemq.stomp, destination, bodies)
        for (const body of bodies.slice(15)) await look.take((frame) => frame.body === body)
        stop.abort()
        expect(await running).toMatchObject([{ received: 35, sent: 35, missing: 0 }])
      } finally {
        stop.abort()
        await running
      }
      expect((await take(heddle.stomp, destination)).sort()).toEqual([...whole, ...whole.slice(0, 15)].sort())
    },
    patienceMs,
  )
})
