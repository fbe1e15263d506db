import { type Log, event, otherwise, topic, topology } from '@heddle/core'
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

const dataOf = async (name: string, count: number): Promise<unknown[]> =>
  (await read(log, name, count)).map(({ data }) => data)

describe('operators of the flow', () => {
  test('flatMap, filter, route, recipientList and wireTap', async () => {
    await publish(log, 'in', [{ data: [1, 2, 3, 4, 5, 6, 7] }], 1)
    const engine = localEngine({ log })
    await engine.submit(
      topology('t')
        .from(topic<number[]>('in'))
        .flatMap((e) => e.data)
        .filter((n) => n !== 7)
        .wireTap((s) => s.to(topic('tap', { partitions: 1 })))
        .route(
          { one: (n) => n === 1, two: (n) => n <= 2, rest: otherwise },
          {
            one: (s) => s.to(topic('one', { partitions: 1 })),
            two: (s) => s.to(topic('two', { partitions: 1 })),
            rest: (s) =>
              s.recipientList((n) => (n % 2 === 0 ? ['even', 'all'] : ['all']), {
                even: (branch) => branch.to(topic('even', { partitions: 1 })),
                all: (branch) => branch.to(topic('all', { partitions: 1 })),
              }),
          },
        ),
    )
    expect(await dataOf('all', 4)).toEqual([3, 4, 5, 6])
    expect(await dataOf('tap', 6)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await dataOf('one', 1)).toEqual([1])
    expect(await dataOf('two', 1)).toEqual([2])
    expect(await dataOf('even', 2)).toEqual([4, 6])
    await engine.close()
  })

  test('what no branch wants is dropped, and counted; an unknown recipient is an error of the event', async () => {
    await publish(log, 'in', [{ data: 1 }, { data: 2 }, { data: 3 }], 1)
    const engine = localEngine({ log })
    await engine.submit(
      topology('t')
        .from(topic<number>('in'))
        .route(
          { some: (e) => e.data > 1 },
          {
            some: (s) =>
              s.recipientList((e) => (e.data === 2 ? ['there'] : (['nowhere'] as unknown as ['there'])), {
                there: (branch) => branch.to(topic('out')),
              }),
          },
        ),
    )
    const [letter] = await read(log, 't.dead-letters', 1)
    expect(letter!.data).toBe(3)
    expect(letter!.extensions!['dlerror']).toContain("no recipient 'nowhere'")
    expect(await dataOf('out', 1)).toEqual([2])
    const { components } = await engine.metrics('t')
    expect(components.find(({ component }) => component === 'route')).toMatchObject({ dropped: 1 })
    await engine.close()
  })

  test('dedupe drops what came within that time of event time, also after a restart', async () => {
    const at = (id: string, s: number): { data: string; time: string } => ({
      data: id,
      time: new Date(1_700_000_000_000 + s * 1000).toISOString(),
    })
    const dedupe = topology('t', { guarantee: 'exactly-once' })
      .from(topic<string>('in'))
      .dedupe({ by: (e) => e.data, within: '10s' })
      .map((e) => `${e.data} ${e.time!.slice(17, 19)}`)
      .to(topic('out', { partitions: 1 }))
    await publish(log, 'in', [at('a', 0), at('b', 1), at('a', 9), at('a', 11)], 1)
    let engine = localEngine({ log })
    await engine.submit(dedupe)
    expect(await dataOf('out', 3)).toEqual(['a 20', 'b 21', 'a 31'])
    await engine.close()
    await publish(log, 'in', [at('a', 20), at('b', 20), at('a', 22)], 1)
    engine = localEngine({ log })
    await engine.submit(dedupe)
    expect((await dataOf('out', 5)).slice(3)).toEqual(['b 40', 'a 42'])
    await until('old keys are gone', async () => {
      await publish(log, 'in', [at('c', 100), at('d', 200)], 1)
      return (await log.store('t/dedupe')).size() <= 2
    })
    await engine.close()
  })

  test('outputs keep the trace, the key and the time, and get ids that are the same again', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const time = '2026-01-02T03:04:05.678Z'
    await publish(
      log,
      'in',
      [
        { id: 'traced', data: 1, traceparent, time, partitionkey: 'k' },
        { id: 'plain', data: 2, time },
      ],
      1,
    )
    const build = (name: string): Parameters<ReturnType<typeof localEngine>['submit']>[0] =>
      topology(name)
        .from(topic<number>('in'))
        .wireTap((s) => s.to(topic(`${name}.copies`, { partitions: 1 })))
        .flatMap((e) => [e.data, -e.data])
        .merge(
          topology(name)
            .from(topic<number>('in'), { name: 'again' })
            .map((e) => e.data * 10),
        )
        .to(topic(`${name}.out`, { partitions: 1 }), { name: 'out' })
    const engine = localEngine({ log })
    await engine.submit(build('t'))
    const out = await read(log, 't.out', 6)
    const ofTraced = out.filter(({ data }) => Math.abs(data as number) % 2 === 1 || data === 10)
    expect(ofTraced).toHaveLength(3)
    for (const each of ofTraced)
      expect(each).toMatchObject({
        traceparent,
        time,
        partitionkey: 'k',
        source: '/topologies/t',
        type: 't.out',
      })
    expect(new Set(out.map(({ id }) => id)).size).toBe(6)
    const copies = await read(log, 't.copies', 2)
    expect(copies[0]).toMatchObject({ id: 'traced', source: '/test', type: 'test', data: 1, traceparent })
    // Made where it came in, and the same in all that comes of the event.
    const made = copies[1]!.traceparent
    expect(made).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(
      out.filter(({ data }) => [2, -2, 20].includes(data as number)).map((each) => each.traceparent),
    ).toEqual([made, made, made])
    await engine.close()

    await log.deleteGroup('t')
    const second = localEngine({ log })
    await second.submit(build('t'))
    const all = await read(log, 't.out', 12)
    expect(new Set(all.map(({ id }) => id)).size).toBe(6)
    await second.close()
  })

  test('an event that a step makes keeps its own attributes', async () => {
    await publish(log, 'in', [{ data: 1 }])
    const engine = localEngine({ log })
    await engine.submit(
      topology('t')
        .from(topic<number>('in'))
        .map((e) => event({ id: 'mine', type: 'made', source: '/me', data: e.data + 1 }))
        .to(topic('out')),
    )
    expect((await read(log, 'out', 1))[0]).toMatchObject({ id: 'mine', type: 'made', source: '/me', data: 2 })
    await engine.close()
  })
})
