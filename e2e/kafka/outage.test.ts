import { setTimeout as sleep } from 'node:timers/promises'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Kafka, startKafka } from '../../tools/services/kafka/kafka.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type Host, KafkaFabric } from './fabric.ts'
import { KeyedTraffic } from './keyed-traffic.ts'
import { recount } from './recount.ts'
import { quick } from './test-kafka.ts'

/**
 * How long the broker is away, in ms: longer than a gateway waits for it. HEDDLE_TEST_OUTAGE_MS=60000 is an outage that is
 * also longer than a client of Kafka tries for.
 */
const outageMs = Number(process.env['HEDDLE_TEST_OUTAGE_MS'] ?? 8_000)

/** About each third leaves transactions open that are complete for their coordinator (KAFKA-20734). */
const powerCuts = 3

/** Slower than that, an answer would not be one within a named bound: `gateway.publishTimeout`, and what a busy machine adds. */
const boundMs = 5_000 + 5_000

const timeoutMs = 600_000 + 2 * outageMs
const keys = 24
/** Between two events of a key, in ms: some hundred events a second, since all of them are counted in the end. */
const pauseMs = 30

const statusOf = async (host: Host, path: string): Promise<number> =>
  (await fetch(`${host.url}${path}`)).status

/** The sum of a metric over all its labels. */
async function metric(host: Host, name: string): Promise<number> {
  const text = await (await fetch(`${host.url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

const brokersOf = (kafka: Kafka): string[] => kafka.bootstrap.split(',')

describe.runIf(servicesAvailable('kafka'))('a broker that is away', () => {
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startKafka({ properties: quick })
  }, 120_000)
  afterAll(() => kafka?.stop())

  test(
    'at the start, without a buffer: publishes are refused at once, and all begins when it comes',
    async () => {
      await kafka.kill(1)
      const fabric = new KafkaFabric(brokersOf(kafka))
      const host = await fabric.make()
      await host.start({ waits: true })
      await host.listening()
      const traffic = new KeyedTraffic([host.url], fabric.input, keys, pauseMs)
      await sleep(2_000)
      expect(await statusOf(host, '/health/live')).toBe(200)
      expect(await statusOf(host, '/health/ready')).toBe(503)
      expect(await metric(host, 'heddle_gateway_log_available')).toBe(0)
      expect([...traffic.answers.statuses.keys()]).toEqual([503])
      expect([...traffic.answers.retryAfter].every((seconds) => seconds >= 1 && seconds <= 5)).toBe(true)
      expect(host.stderr).toContain('the log cannot be reached; it is tried again')
      await kafka.restart(1)
      await host.ready()
      expect(await statusOf(host, '/health/ready')).toBe(200)
      await traffic.more(300)
      await traffic.stop()
      expect(traffic.answers.slowest).toBeLessThan(boundMs)
      await recount(brokersOf(kafka), fabric, traffic)
      expect(await host.stop()).toBe(0)
    },
    timeoutMs,
  )

  test(
    'at the start, with a buffer: events are accepted, and are in the log in order when it comes',
    async () => {
      await kafka.kill(1)
      const fabric = new KafkaFabric(brokersOf(kafka))
      const host = await fabric.make({ args: ['--buffer', fabric.at('buffer')] })
      await host.start({ waits: true })
      await host.listening()
      const traffic = new KeyedTraffic([host.url], fabric.input, keys, pauseMs)
      await traffic.more(300)
      expect([...traffic.answers.statuses.keys()]).toEqual([202])
      expect(await statusOf(host, '/health/ready')).toBe(200)
      expect(await metric(host, 'heddle_buffer_events')).toBeGreaterThanOrEqual(300)
      // What it knows nothing of, it does not take in.
      const unknown = await fetch(`${host.url}/topics/unknown/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'ce-type': 'n',
          'ce-id': '1',
          'ce-source': '/s',
          'ce-specversion': '1.0',
        },
        body: '1',
      })
      expect([unknown.status, unknown.headers.has('retry-after')]).toEqual([503, true])
      // A stop keeps what waits.
      await host.kill()
      await host.start({ waits: true })
      await traffic.more(100)
      await kafka.restart(1)
      await host.ready()
      await traffic.more(100)
      await traffic.stop()
      await recount(brokersOf(kafka), fabric, traffic)
    },
    timeoutMs,
  )

  test(
    `for ${outageMs} ms under traffic, without a buffer: 503 and Retry-After in bounded time, and nothing is lost or there twice`,
    async () => {
      const fabric = new KafkaFabric(brokersOf(kafka))
      const [host] = await fabric.start(1)
      const traffic = new KeyedTraffic([host!.url], fabric.input, keys, pauseMs)
      await traffic.more(300)
      await kafka.kill(1)
      await sleep(outageMs)
      expect(await statusOf(host!, '/health/ready')).toBe(503)
      expect(traffic.answers.statuses.get(503)).toBeGreaterThan(keys)
      expect(traffic.answers.retryAfter.size).toBeGreaterThan(0)
      await kafka.restart(1)
      await traffic.more(300)
      await traffic.stop()
      expect(traffic.answers.slowest).toBeLessThan(boundMs)
      await recount(brokersOf(kafka), fabric, traffic)
    },
    timeoutMs,
  )

  test(
    `for ${outageMs} ms under traffic, with a buffer, and the gateway killed meanwhile and while it brings the events to the log`,
    async () => {
      const fabric = new KafkaFabric(brokersOf(kafka))
      const [host] = await fabric.start(1, { args: ['--buffer', fabric.at('buffer')] })
      const traffic = new KeyedTraffic([host!.url], fabric.input, keys, pauseMs)
      await traffic.more(300)
      await kafka.kill(1)
      await sleep(outageMs)
      expect(traffic.answers.statuses.get(202)).toBeGreaterThan(keys)
      expect(traffic.answers.statuses.get(503) ?? 0).toBe(0)
      await host!.kill()
      await host!.start({ waits: true })
      await traffic.more(1_000)
      const before = traffic.answers.statuses.get(201)!
      await kafka.restart(1)
      // Some are in the log, and the rest is on its way.
      await reached(brokersOf(kafka), fabric.input, before + 300)
      await host!.kill()
      await host!.start()
      await traffic.more(300)
      await traffic.stop()
      expect(traffic.answers.slowest).toBeLessThan(boundMs)
      await recount(brokersOf(kafka), fabric, traffic)
      expect(await metric(host!, 'heddle_buffer_events')).toBe(0)
      expect(await metric(host!, 'heddle_gateway_log_available')).toBe(1)
    },
    timeoutMs,
  )

  test(
    `killed ${powerCuts} times together with the host, as by a power cut: all goes on, and nothing is lost or there twice`,
    async () => {
      const fabric = new KafkaFabric(brokersOf(kafka))
      const [host] = await fabric.start(1)
      const traffic = new KeyedTraffic([host!.url], fabric.input, keys, pauseMs)
      for (let cut = 0; cut < powerCuts; cut++) {
        await traffic.more(300)
        await Promise.all([kafka.kill(1), host!.kill()])
        await kafka.restart(1)
        await host!.start({ waits: true })
      }
      await traffic.more(300)
      await traffic.stop()
      expect(traffic.total).toBeGreaterThan(powerCuts * 300)
      await recount(brokersOf(kafka), fabric, traffic)
    },
    timeoutMs,
  )
})

/** Resolves when so many offsets of a topic are used. */
async function reached(brokers: readonly string[], topic: string, offsets: number): Promise<void> {
  const log = await openKafkaLog({ brokers })
  try {
    for (;;) {
      const ends = await log.partitions(topic)
      if (ends.reduce((sum, { latest }) => sum + latest, 0) >= offsets) return
    }
  } finally {
    await log.close()
  }
}
