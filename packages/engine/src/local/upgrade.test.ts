import {
  type Connector,
  type Engine,
  type Event,
  HeddleError,
  type Log,
  type Topology,
  stateLayout,
  topic,
  topology,
  tumbling,
} from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Harness, publish, read, until } from '../fixtures/harness.ts'
import { operators, stateless } from '../operators/table.ts'
import { localEngine } from './local-engine.ts'

let harness: Harness
let log: Log
let engine: Engine

beforeEach(async () => {
  harness = new Harness()
  log = await openEmbeddedLog({ path: harness.path })
  engine = localEngine({ log })
})

afterEach(async () => {
  await engine.close()
  await log.close()
  harness.remove()
})

const guarantees = ['at-least-once', 'exactly-once'] as const
type Guarantee = (typeof guarantees)[number]

interface Count {
  readonly version: string
  readonly count: number
}

interface Shape {
  readonly name?: string
  readonly version?: string
  readonly guarantee?: Guarantee
  readonly parallelism?: number
}

/** Counts what comes, in a step of that name. */
const counting = ({ name = 'count', version = 'first', guarantee, parallelism = 1 }: Shape = {}): Topology =>
  topology('t', guarantee && { guarantee })
    .from(topic<number>('in'))
    .keyBy(() => 'all', { name: 'key' })
    .fold(
      () => 0,
      (count) => count + 1,
      { name, parallelism },
    )
    .map((count): Count => ({ version, count }), { name: 'tell' })
    .to(topic('out', { partitions: 1 }), { name: 'out' })

const counts = async (count: number): Promise<Count[]> =>
  (await read(log, 'out', count)).map(({ data }) => data as Count)

const windowed = (size: '1m' | '2m'): Topology =>
  topology('t')
    .from(topic<number>('in'))
    .keyBy(() => 'all', { name: 'key' })
    .window(tumbling(size))
    .count({ name: 'window' })
    .to(topic('out', { partitions: 1 }), { name: 'out' })

const numbers = (count: number): { data: number }[] => Array.from({ length: count }, (_, data) => ({ data }))

describe.each(guarantees)('a deploy over a running topology, %s', (guarantee) => {
  test('goes on with the state, and does every event once', async () => {
    await publish(log, 'in', numbers(10))
    await engine.submit(counting({ guarantee }))
    for (let round = 1; round <= 8; round++) {
      await publish(log, 'in', numbers(50))
      const { diff, status } = await engine.deploy(
        counting({ guarantee, version: `v${round}`, parallelism: 1 + (round % 3) }),
      )
      expect(diff?.components.map(({ id }) => id)).toEqual(['count'])
      expect(status?.state).toBe('active')
    }
    const all = await counts(410)
    expect(all.map(({ count }) => count).toSorted((a, b) => a - b)).toEqual(
      numbers(410).map(({ data }) => data + 1),
    )
    await until('nothing is left', async () => (await engine.metrics('t')).lag === 0)
    await engine.kill('t')
    expect((await log.partitions('out'))[0]!.latest).toBe(410)
    expect(new Set(all.map(({ version }) => version)).size).toBeGreaterThan(1)
  })
})

test('a step that is called otherwise takes its state along, where that is said', async () => {
  await publish(log, 'in', numbers(3))
  await engine.submit(counting())
  await counts(3)
  const renamed = counting({ name: 'total', version: 'second' })
  await expect(engine.deploy(renamed)).rejects.toMatchObject({
    code: 'HEDDLE_UPGRADE_INCOMPATIBLE',
    detail: expect.stringContaining('--rename count=total'),
  })
  await publish(log, 'in', numbers(1))
  expect((await counts(4)).at(-1)).toEqual({ version: 'first', count: 4 })
  await engine.deploy(renamed, { renamed: { count: 'total' } })
  await publish(log, 'in', numbers(1))
  expect((await counts(5)).at(-1)).toEqual({ version: 'second', count: 5 })
  // And so after a restart, when nobody says it any more.
  await engine.kill('t')
  await engine.submit(renamed)
  await publish(log, 'in', numbers(1))
  expect((await counts(6)).at(-1)).toEqual({ version: 'second', count: 6 })
  await until('the state can be asked for', async () => {
    const { entries } = await engine.state('t', { component: 'total' })
    return entries[0]?.value === 6
  })
})

test('state is dropped only where that is allowed, and then begins anew', async () => {
  await publish(log, 'in', numbers(3))
  await engine.submit(counting())
  await counts(3)
  await engine.deploy(counting({ name: 'other' }), { dropState: ['count'] })
  await publish(log, 'in', numbers(1))
  expect((await counts(4)).at(-1)?.count).toBe(1)
  await until('it is deleted', async () => (await log.store('t/count')).size() === 0)
  // The name is free again.
  await engine.deploy(counting({ name: 'count' }), { dropState: ['other'] })
  await publish(log, 'in', numbers(1))
  expect((await counts(5)).at(-1)?.count).toBe(1)
})

test('a start with changed code is checked as a deploy is', async () => {
  await engine.submit(windowed('1m'))
  await engine.kill('t')
  const before = await engine.history('t')
  await expect(engine.submit(windowed('2m'))).rejects.toMatchObject({
    code: 'HEDDLE_UPGRADE_INCOMPATIBLE',
    detail: expect.stringContaining(`drop the state (--drop-state window)`),
  })
  expect(await engine.list()).toEqual([])
  expect(await engine.history('t')).toEqual(before)
  await engine.submit(windowed('2m'), { dropState: ['window'], by: 'me' })
  expect(await engine.history('t')).toMatchObject([
    { number: 2, by: 'me', changes: ['window: config.sizeMs, config.advanceMs; its state was dropped'] },
    { number: 1, by: 'engine', changes: ['first version'] },
  ])
})

test('every operator is known to have no state, or has a layout of it', () => {
  const unknown = [...operators.keys()].filter(
    (operator) =>
      !stateless.has(operator) &&
      stateLayout({ ...counting().plan.components[0]!, operator, config: {} }) === undefined,
  )
  expect(unknown).toEqual([])
})

test('a dry run tells what would be, and changes nothing', async () => {
  await engine.submit(windowed('1m'))
  const { diff, status } = await engine.deploy(windowed('2m'), { dryRun: true })
  expect(diff?.conflicts).toMatchObject([{ component: 'window' }])
  expect(status?.state).toBe('active')
  expect((await engine.describe('t')).plan).toEqual(windowed('1m').plan)
})

test('what does not start leaves the one before running', async () => {
  await publish(log, 'in', numbers(2))
  await engine.submit(counting())
  await counts(2)
  // Without its functions.
  const broken: Topology = { name: 't', plan: counting().plan, code: new Map() }
  await expect(engine.deploy(broken)).rejects.toMatchObject({ code: 'HEDDLE_UPGRADE_FAILED' })
  await publish(log, 'in', numbers(1))
  expect((await counts(3)).at(-1)).toEqual({ version: 'first', count: 3 })
  expect(await engine.history('t')).toHaveLength(1)
})

test('a topology that fails again and again is replaced all the same', async () => {
  await publish(log, 'in', numbers(1))
  await engine.submit(counting({ guarantee: 'exactly-once' }))
  await counts(1)
  await log.deleteTopic('out')
  await publish(log, 'in', numbers(1))
  await until('it is in trouble', async () => (await engine.describe('t')).lastError !== undefined)
  await engine.deploy(counting({ guarantee: 'exactly-once', version: 'second' }))
  expect((await counts(1)).at(-1)).toEqual({ version: 'second', count: 2 })
})

describe('a sink that is gone', () => {
  const flow = (withSink: boolean): Topology => {
    const events = topology('t')
      .from(topic<number>('in'))
      .map((e) => e, { name: 'each' })
    return withSink
      ? events.to({ kind: 'test', config: {} }, { name: 'send' })
      : events.to(topic('out', { partitions: 1 }), { name: 'out' })
  }

  test('has to deliver its outbox first', async () => {
    const sent: Event[] = []
    let down = true
    const connector: Connector = {
      kind: 'test',
      openSink: async () => ({
        maxBatch: 1,
        concurrency: 1,
        write: async (events) => {
          if (down) throw new HeddleError('HEDDLE_SINK_UNAVAILABLE', 'on purpose')
          for (const event of events) sent.push(event)
        },
        close: async () => {},
      }),
    }
    await engine.close()
    engine = localEngine({ log, connectors: [connector] })
    await publish(log, 'in', numbers(3))
    await engine.submit(flow(true))
    await until('it is refused', async () => (await engine.describe('t')).lastError !== undefined)
    await expect(engine.deploy(flow(false))).rejects.toMatchObject({
      code: 'HEDDLE_UPGRADE_INCOMPATIBLE',
      detail: expect.stringContaining(`the sink 'send' has not delivered`),
    })
    down = false
    await until('all are sent', () => sent.length === 3)
    await engine.deploy(flow(false))
    expect(sent).toHaveLength(3)
  })
})
