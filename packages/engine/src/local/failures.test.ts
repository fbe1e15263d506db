import {
  type Bolt,
  type Fetched,
  type Log,
  ManualClock,
  type Spout,
  type Values,
  backoff,
  fromTopic,
  noRetry,
  toTopic,
  topic,
  topology,
} from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

const guarantees = ['at-least-once', 'exactly-once'] as const
const quick = backoff(1, { attempts: 3, max: 1 })

describe.each(guarantees)('a bolt that throws, %s', (guarantee) => {
  test('is tried again, and what it did before the throw is dropped', async () => {
    const attempts = new Map<unknown, number>()
    await publish(log, 'in', [{ data: 'a' }, { data: 'b' }])
    const t = topology.graph('t', { guarantee })
    const lines = t.spout('in', fromTopic<string>('in'), { fields: ['word'] })
    let context: Parameters<NonNullable<Bolt['open']>>[0]
    const flaky: Bolt<{ word: string }, { value: unknown }> = {
      open(opened) {
        context = opened
      },
      execute({ values: { word } }, out) {
        const before = context.state.get<number>(word) ?? 0
        context.state.put(word, before + 1)
        out.emit({ value: { word, count: before + 1 } })
        const attempt = (attempts.get(word) ?? 0) + 1
        attempts.set(word, attempt)
        if (attempt < 3) throw new Error('not yet')
      },
    }
    const words = t.bolt('flaky', flaky, { fields: ['value'], retry: quick }).shuffle(lines)
    t.bolt('out', toTopic('out')).shuffle(words)
    const engine = localEngine({ log })
    await engine.submit(t)
    const out = await read(log, 'out', 2)
    expect(out.map(({ data }) => (data as { count: number }).count)).toEqual([1, 1])
    await engine.close()
    expect((await log.partitions('out')).reduce((sum, { latest }) => sum + latest, 0)).toBe(2)
  })

  test.each(['synchronous', 'asynchronous'])('puts the event into the dead letters (%s)', async (kind) => {
    await publish(
      log,
      'in',
      [
        { id: 'good', data: 1 },
        { id: 'bad', data: 2, extensions: { shop: 'x' } },
      ],
      1,
    )
    const engine = localEngine({ log })
    const fail = (): number => {
      throw new RangeError('no two')
    }
    await engine.submit(
      topology('t', { guarantee })
        .from(topic<number>('in'))
        .map(
          (e) => {
            if (kind === 'synchronous') return e.data === 2 ? fail() : e.data
            return Promise.resolve(e.data).then((data) => (data === 2 ? fail() : data))
          },
          { name: 'picky', retry: quick },
        )
        .to(topic('out', { partitions: 1 })),
    )
    const [letter] = await read(log, 't.dead-letters', 1)
    expect(letter).toMatchObject({ id: 'bad', source: '/test', type: 'test', data: 2 })
    expect(letter!.extensions).toMatchObject({
      shop: 'x',
      dlerror: 'no two',
      dlattempts: '3',
      dltopology: 't',
      dlcomponent: 'picky',
      dltopic: 'in',
      dlpartition: '0',
      dloffset: '1',
    })
    expect((await read(log, 'out', 1)).map(({ data }) => data)).toEqual([1])
    await until('both are done', async () => (await engine.metrics('t')).pending === 0)
    const { components } = await engine.metrics('t')
    expect(components.find(({ component }) => component === 'picky')).toMatchObject({
      retried: 2,
      failed: 1,
      deadLettered: 1,
      acked: 1,
    })
    expect((await engine.describe('t')).lastError).toMatchObject({ component: 'picky', message: 'no two' })
    await engine.close()
  })

  test('feeds its error branch, if it has one', async () => {
    await publish(log, 'in', [{ data: 1 }, { data: 2 }])
    const engine = localEngine({ log })
    await engine.submit(
      topology('t', { guarantee })
        .from(topic<number>('in'))
        .map(
          (e) => {
            if (e.data === 2) throw new Error('no two')
            return e.data
          },
          {
            name: 'picky',
            retry: noRetry,
            onError: (failures) =>
              failures
                .map(({ value, error, attempts, component }) => ({
                  data: value.data,
                  message: error.message,
                  attempts,
                  component,
                }))
                .to(topic('failures')),
          },
        )
        .to(topic('out')),
    )
    const [failure] = await read(log, 'failures', 1)
    expect(failure!.data).toEqual({ data: 2, message: 'no two', attempts: 1, component: 'picky' })
    await engine.close()
    expect((await log.partitions('t.dead-letters'))[0]!.latest).toBe(0)
  })

  test('one dead letter for each event, however many of its tuples fail', async () => {
    await publish(log, 'in', [{ data: [1, 2, 3] }])
    const engine = localEngine({ log })
    await engine.submit(
      topology('t', { guarantee })
        .from(topic<number[]>('in'))
        .flatMap((e) => e.data)
        .map(
          (n) => {
            if (n !== 2) throw new Error(String(n))
            return n
          },
          { retry: noRetry },
        )
        .to(topic('out')),
    )
    await read(log, 'out', 1)
    await engine.close()
    expect((await log.partitions('t.dead-letters'))[0]!.latest).toBe(1)
  })

  test('a record that is no event is one of its bytes; one whose data cannot be read becomes a dead letter with them', async () => {
    await log.createTopic({ name: 'in', partitions: 1 })
    const headers = [
      ['ce_specversion', '1.0'],
      ['ce_id', 'x'],
      ['ce_source', '/s'],
      ['ce_type', 't'],
    ] as const
    await log.append('in', [
      {
        key: 'k',
        value: '{"specversion":"0.3"}',
        headers: [['content-type', 'application/cloudevents+json']],
      },
      { key: 'k', value: '{not json', headers },
    ])
    const engine = localEngine({ log })
    await engine.submit(
      topology('t', { guarantee })
        .from(topic<{ n: number }>('in'))
        .peek((e) => void e.data.n, { retry: quick })
        .to(topic('out')),
    )
    const [letter] = await read(log, 't.dead-letters', 1)
    expect(letter).toMatchObject({
      id: 'x',
      source: '/s',
      extensions: { dlcode: 'HEDDLE_EVENT_DATA_INVALID' },
    })
    const [kept] = await read(log, 'out', 1)
    expect(kept!.type).toBe('heddle.record')
    const [{ records }] = (await log.read([{ topic: 'out', partition: 0, offset: 0 }])) as [Fetched]
    expect(Buffer.from(records[0]!.value!).toString()).toBe('{"specversion":"0.3"}')
    await engine.close()
  })

  test('an output that is too large for its topic is the event’s fault', async () => {
    await log.createTopic({ name: 'out', partitions: 1, maxRecordBytes: 2000 })
    await publish(log, 'in', [{ data: 'x'.repeat(3000) }, { data: 'y' }], 1)
    const engine = localEngine({ log })
    await engine.submit(topology('t', { guarantee }).from(topic('in')).to(topic('out')))
    const [letter] = await read(log, 't.dead-letters', 1)
    expect(letter!.extensions!['dlcode']).toBe('HEDDLE_LOG_RECORD_TOO_LARGE')
    expect((await read(log, 'out', 1))[0]!.data).toBe('y')
    await engine.close()
  })
})

test('what is not done in time is read again, and what it held up goes on', async () => {
  const clock = new ManualClock(1_000_000)
  await publish(
    log,
    'in',
    [
      { data: 1, partitionkey: 'k' },
      { data: 2, partitionkey: 'k' },
    ],
    1,
  )
  const engine = localEngine({ log, clock })
  let calls = 0
  await engine.submit(
    topology('t', { messageTimeout: '10s' })
      .from(topic<number>('in'))
      .enrich((e) => (calls++ === 0 ? new Promise<number>(() => {}) : e.data), { concurrency: 2 })
      .to(topic('out')),
  )
  await until('the first call hangs', () => calls === 1)
  await clock.advance(12_000, () => new Promise(setImmediate))
  const out = await read(log, 'out', 2)
  expect(out.map(({ data }) => data)).toEqual([1, 2])
  await until('both are acked', async () => (await engine.metrics('t')).components[0]!.acked === 2)
  expect((await engine.metrics('t')).components[0]).toMatchObject({ failed: 2 })
  await engine.close()
})

describe.each(guarantees)('order, %s', (guarantee) => {
  test('by key, with many calls under way, retries, and no waiting for other keys', async () => {
    const events = Array.from({ length: 300 }, (_, n) => ({ data: n, partitionkey: `k${n % 7}` }))
    await publish(log, 'in', events, 3)
    const tries = new Map<number, number>()
    let underWay = 0
    let most = 0
    const engine = localEngine({ log })
    await engine.submit(
      topology('t', { guarantee })
        .from(topic<number>('in'))
        .enrich(
          async (e) => {
            most = Math.max(most, ++underWay)
            for (let turn = 0; turn < (e.data * 7919) % 13; turn++) await new Promise(setImmediate)
            underWay--
            const attempt = (tries.get(e.data) ?? 0) + 1
            tries.set(e.data, attempt)
            if (e.data % 11 === 0 && attempt < 3) throw new Error('again')
            return e
          },
          { concurrency: 5, retry: quick },
        )
        .to(topic('out', { partitions: 1 })),
    )
    const out = await read(log, 'out', 300)
    for (let key = 0; key < 7; key++) {
      const got = out.filter(({ partitionkey }) => partitionkey === `k${key}`).map(({ data }) => data)
      expect(got).toEqual(events.filter(({ data }) => data % 7 === key).map(({ data }) => data))
    }
    expect(most).toBe(5)
    await engine.close()
  })
})

test('a user’s spout is told of acks and fails, and its failed tuples are dead letters', async () => {
  const clock = new ManualClock(1_000_000)
  const acked: string[] = []
  const failed: string[] = []
  let next = 0
  const t = topology.graph('t', { messageTimeout: '10s' })
  const spout: Spout<{ n: number }> = {
    next(out) {
      if (next < 4) out.emit({ n: next }, { id: String(next++) })
    },
    ack: (id) => void acked.push(id),
    fail: (id) => void failed.push(id),
  }
  const source = t.spout('source', spout, { fields: ['n'] })
  t.bolt(
    'work',
    ({ values: { n } }: { values: Values }) => {
      if (n === 1) throw new Error('one')
      if (n === 2) return new Promise<void>(() => {})
      return undefined
    },
    { retry: noRetry, concurrency: 4 },
  ).shuffle(source)
  const engine = localEngine({ log, clock })
  await engine.submit(t)
  const step = (): Promise<void> => new Promise(setImmediate)
  await until('three are acked', async () => {
    await clock.advance(10, step)
    return acked.length === 3
  })
  expect(acked.toSorted()).toEqual(['0', '1', '3'])
  await clock.advance(12_000, step)
  expect(failed).toEqual(['2'])
  const [letter] = await read(log, 't.dead-letters', 1)
  expect(letter).toMatchObject({ type: 't.work', data: { n: 1 }, extensions: { dlerror: 'one' } })
  await engine.kill('t', { waitMs: 0 })
})

test('a tuple that comes while its key is executed stays behind those of its key that wait for a place', async () => {
  const executed: string[] = []
  const doing = new Map<string, () => void>()
  let sent = 0
  const spout: Spout<{ key: string; n: number }> = {
    next(out) {
      // 'a' takes the only place, so that all of 'b' have to wait for it; the last one comes while the first is executed.
      if (sent === 0)
        for (const [key, n] of [
          ['a', 0],
          ['b', 1],
          ['b', 2],
          ['b', 3],
        ] as const)
          out.emit({ key, n }, { id: `${n}` })
      if (sent === 1 && doing.has('b1')) out.emit({ key: 'b', n: 4 }, { id: '4' })
      if (sent === 0 || doing.has('b1')) sent++
      if (sent === 2) doing.get('b1')!()
    },
  }
  const t = topology.graph('t')
  const tuples = t.spout('tuples', spout, { fields: ['key', 'n'] })
  const bolt: Bolt<{ key: string; n: number }> = {
    execute({ values: { key, n } }) {
      executed.push(`${key}${n}`)
      if (n === 0) return new Promise((resolve) => setImmediate(resolve))
      if (n === 1) return new Promise((resolve) => doing.set('b1', resolve))
      return undefined
    },
  }
  t.bolt('bolt', bolt).fields(tuples, 'key')
  const engine = localEngine({ log })
  await engine.submit(t)
  await until('all five are executed', () => executed.length === 5)
  await engine.close()
  expect(executed).toEqual(['a0', 'b1', 'b2', 'b3', 'b4'])
})
