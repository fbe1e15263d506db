import {
  type Connector,
  type Event,
  HeddleError,
  type Log,
  type Sink,
  type SinkContext,
  type Topology,
  backoff,
  topic,
  topology,
} from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Harness, publish, read, until } from '../fixtures/harness.ts'
import { localEngine } from './local-engine.ts'

let harness: Harness
let log: Log

beforeEach(async () => {
  harness = new Harness()
  log = await openEmbeddedLog({ path: harness.path })
})

afterEach(async () => {
  await log.close()
  harness.remove()
})

type Write = (events: readonly Event[]) => Promise<void> | void

/** A receiver that keeps what it got across restarts of the sink, and can be cut back to a checkpoint. */
class Receiver implements Connector {
  readonly kind = 'receiver'
  readonly got: unknown[] = []
  readonly opened: (string | undefined)[] = []
  readonly maxBatch: number
  readonly concurrency: number
  write: Write = () => {}

  constructor(maxBatch = 1, concurrency = 1) {
    this.maxBatch = maxBatch
    this.concurrency = concurrency
  }

  async openSink(_config: object, { checkpoint }: SinkContext): Promise<Sink> {
    this.opened.push(checkpoint)
    if (checkpoint !== undefined) this.got.length = Number(checkpoint)
    return {
      maxBatch: this.maxBatch,
      concurrency: this.concurrency,
      checkpoint: String(this.got.length),
      write: async (events) => {
        await this.write(events)
        this.got.push(...events.map(({ data }) => data))
        return String(this.got.length)
      },
      close: async () => {},
    }
  }
}

const flow = (guarantee: 'at-least-once' | 'exactly-once', retry = backoff(1, { max: 1 })): Topology =>
  topology('t', { guarantee })
    .from(topic<number>('in'))
    .map((e) => e.data)
    .to({ kind: 'receiver', config: {} }, { name: 'out', retry })

const numbers = (from: number, to: number): { data: number; partitionkey: string }[] =>
  Array.from({ length: to - from }, (_, n) => ({ data: from + n, partitionkey: 'k' }))

test.each(['at-least-once', 'exactly-once'] as const)('delivers in order, %s', async (guarantee) => {
  const receiver = new Receiver(7)
  await publish(log, 'in', numbers(0, 100))
  const engine = localEngine({ log, connectors: [receiver] })
  await engine.submit(flow(guarantee))
  await until('100 are there', () => receiver.got.length === 100)
  expect(receiver.got).toEqual(numbers(0, 100).map(({ data }) => data))
  await engine.close()
})

test('close delivers what is in the outbox, and the next start goes on behind it', async () => {
  const receiver = new Receiver(10)
  await publish(log, 'in', numbers(0, 50))
  for (let times = 0; times < 3; times++) {
    const engine = localEngine({ log, connectors: [receiver] })
    await engine.submit(flow('exactly-once'))
    await publish(log, 'in', numbers(50 + times, 51 + times))
    await until('all were read', async () => (await engine.metrics('t')).lag === 0)
    await engine.close()
  }
  expect(receiver.got).toEqual(numbers(0, 53).map(({ data }) => data))
  expect(receiver.opened).toEqual([undefined, '51', '52'])
  expect((await log.partitions('t.out.outbox'))[0]).toMatchObject({ earliest: 53, latest: 53 })
})

test('a crash during the first write is undone', async () => {
  const receiver = new Receiver(10)
  await publish(log, 'in', numbers(0, 10))
  const stuck = Promise.withResolvers<void>()
  receiver.write = (events) => {
    receiver.got.push(...events.map(({ data }) => data))
    stuck.resolve()
    return new Promise(() => {})
  }
  const crashed = localEngine({ log, connectors: [receiver], drainMs: 0 })
  await crashed.submit(flow('exactly-once'))
  await stuck.promise
  await crashed.close()
  expect(receiver.got.length).toBeGreaterThan(0)

  receiver.write = () => {}
  const engine = localEngine({ log, connectors: [receiver] })
  await engine.submit(flow('exactly-once'))
  await until('all are there', () => receiver.got.length === 10)
  await engine.close()
  expect(receiver.got).toEqual(numbers(0, 10).map(({ data }) => data))
  expect(receiver.opened).toEqual([undefined, '0'])
})

test('as long as nothing goes through, nothing is given up', async () => {
  const receiver = new Receiver()
  let failures = 0
  receiver.write = () => {
    if (failures++ < 30) throw new HeddleError('HEDDLE_SINK_UNAVAILABLE')
  }
  await publish(log, 'in', numbers(0, 3))
  const engine = localEngine({ log, connectors: [receiver] })
  await engine.submit(flow('at-least-once', backoff(1, { attempts: 2, max: 1 })))
  await until('all are there', () => receiver.got.length === 3)
  expect(receiver.got).toEqual([0, 1, 2])
  await engine.close()
})

test('an event that fails while others go through, or that is refused, goes to the dead letters', async () => {
  const receiver = new Receiver(1, 2)
  receiver.write = ([only]) => {
    const { data } = only!
    if (data === 1) throw new HeddleError('HEDDLE_SINK_UNAVAILABLE', 'busy')
    if (data === 2) throw new HeddleError('HEDDLE_SINK_REJECTED', '400')
  }
  await publish(
    log,
    'in',
    numbers(0, 6).map(({ data }) => ({ data, partitionkey: String(data) })),
  )
  const engine = localEngine({ log, connectors: [receiver] })
  await engine.submit(flow('exactly-once', backoff(1, { attempts: 3, max: 1 })))
  const letters = await read(log, 't.dead-letters', 2)
  expect(letters.length).toBe(2)
  const byData = new Map(letters.map((letter) => [letter.data, letter.extensions!]))
  expect(byData.get(1)).toMatchObject({
    dlcode: 'HEDDLE_SINK_UNAVAILABLE',
    dlattempts: '3',
    dlcomponent: 'out',
  })
  expect(byData.get(2)).toMatchObject({ dlcode: 'HEDDLE_SINK_REJECTED', dlattempts: '1' })
  await until('the others are there', () => receiver.got.length === 4)
  await engine.close()
})

test('events of one key are never in two writes, and others do not wait for a key that fails', async () => {
  const receiver = new Receiver(1, 4)
  const underWay = new Set<string>()
  let failures = 5
  const order: Record<string, number[]> = {}
  receiver.write = async ([only]) => {
    const { data, partitionkey } = only!
    expect(underWay.has(partitionkey!)).toBe(false)
    underWay.add(partitionkey!)
    await new Promise(setImmediate)
    underWay.delete(partitionkey!)
    if (partitionkey === '0' && failures-- > 0) throw new HeddleError('HEDDLE_SINK_UNAVAILABLE')
    ;(order[partitionkey!] ??= []).push(data as number)
  }
  const events = Array.from({ length: 200 }, (_, n) => ({ data: n, partitionkey: String(n % 5) }))
  await publish(log, 'in', events, 1)
  const engine = localEngine({ log, connectors: [receiver] })
  await engine.submit(flow('exactly-once', backoff(1, { attempts: 100, max: 1 })))
  await until('all are there', () => receiver.got.length === 200)
  for (const [key, got] of Object.entries(order)) {
    expect(got).toEqual(events.filter(({ partitionkey }) => partitionkey === key).map(({ data }) => data))
  }
  await engine.close()
})

test('spouts wait while too much is in the outbox', async () => {
  const receiver = new Receiver(1, 1)
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  receiver.write = () => gate
  await publish(log, 'in', numbers(0, 2000))
  const engine = localEngine({ log, connectors: [receiver], maxOutbox: 100 })
  const plan = topology('t', { guarantee: 'at-least-once', maxPending: 50 })
    .from(topic<number>('in'))
    .map((e) => e.data)
    .to({ kind: 'receiver', config: {} }, { name: 'out' })
  await engine.submit(plan)
  const inOutbox = async (): Promise<number> => (await log.partitions('t.out.outbox'))[0]!.latest
  await until('the outbox is full', async () => (await inOutbox()) > 100)
  await until('what was read is done', async () => (await engine.metrics('t')).pending === 0)
  expect(await inOutbox()).toBeLessThan(300)
  open()
  await until('all are there', () => receiver.got.length === 2000)
  await engine.close()
})

test('wrong settings of a sink are told to who submits', async () => {
  const receiver = new Receiver()
  receiver.openSink = () => Promise.reject(new HeddleError('HEDDLE_CONFIG_INVALID', 'url'))
  const engine = localEngine({ log, connectors: [receiver] })
  await expect(engine.submit(flow('at-least-once'))).rejects.toMatchObject({ code: 'HEDDLE_CONFIG_INVALID' })
  expect(await engine.list()).toEqual([])
  const without = localEngine({ log })
  await expect(without.submit(flow('at-least-once'))).rejects.toMatchObject({ code: 'HEDDLE_SINK_UNKNOWN' })
})
