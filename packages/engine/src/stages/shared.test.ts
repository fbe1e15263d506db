import { type Engine, type Guarantee, type Log, type Topology, topic, topology, tumbling } from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Harness, publish, read, until } from '../fixtures/harness.ts'
import { localEngine } from '../local/local-engine.ts'

// They wait for groups and the disk, as long as `until` and `read` have patience.
vi.setConfig({ testTimeout: 30_000 })

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

const keys = 12

const counting = (guarantee: Guarantee): Topology =>
  topology('t', { guarantee })
    .from(topic<number>('in', { partitions: 4 }))
    .keyBy((e) => e.data % keys)
    .fold<readonly [key: number, count: number]>(
      () => [-1, 0],
      ([, count], e) => [e.data % keys, count + 1],
    )
    .to(topic('out', { partitions: 1 }))

/** The same counts, with a step more before and behind them. */
const changed = (guarantee: Guarantee): Topology =>
  topology('t', { guarantee })
    .from(topic<number>('in', { partitions: 4 }))
    .filter((e) => e.data >= 0)
    .keyBy((e) => e.data % keys)
    .fold<readonly [key: number, count: number]>(
      () => [-1, 0],
      ([, count], e) => [e.data % keys, count + 1],
    )
    .map((count) => count)
    .to(topic('out', { partitions: 1 }))

const numbers = (count: number): { data: number; partitionkey: string }[] =>
  Array.from({ length: count }, (_, n) => ({ data: n, partitionkey: String(n % keys) }))

describe.each(['at-least-once', 'exactly-once'] as const)(
  'two engines with key partitions, %s',
  (guarantee) => {
    test('share the keys; one that leaves gives its own to the other, with their state', async () => {
      await publish(log, 'in', numbers(5 * keys), 4)
      const engines: Engine[] = []
      for (const instance of ['first', 'second']) {
        const engine = localEngine({ log, keyPartitions: 'auto', instance })
        engines.push(engine)
        await engine.submit(counting(guarantee))
      }
      const [first, second] = engines as [Engine, Engine]
      const sharedOut = async (): Promise<boolean> => {
        const group = (await log.listGroups()).find(({ group: name }) => name === 't.fold')
        return group?.members.length === 2 && group.members.every(({ assignment }) => assignment.length === 2)
      }
      await until('each has two of the four shares', sharedOut)
      await publish(log, 'in', numbers(5 * keys))
      await read(log, 'out', 10 * keys)
      await first.close()
      await publish(log, 'in', numbers(5 * keys))
      const out = (await read(log, 'out', 15 * keys)).map(({ data }) => data as [number, number])
      for (let key = 0; key < keys; key++)
        expect(out.filter(([of]) => of === key).map(([, count]) => count)).toEqual(
          Array.from({ length: 15 }, (_, n) => n + 1),
        )
      expect((await second.state('t', { component: 'fold' })).entries).toHaveLength(keys)
      await second.close()
      const groups = await log.listGroups()
      expect(groups.find(({ group }) => group === 't.fold')?.members).toEqual([])
    })

    test('another version is deployed to one after the other, under traffic: nothing is lost or counted anew', async () => {
      const engines = ['first', 'second'].map((instance) => localEngine({ log, keyPartitions: 3, instance }))
      for (const engine of engines) await engine.submit(counting(guarantee))
      let rounds = 0
      const more = async (): Promise<void> => {
        await publish(log, 'in', numbers(keys), 4)
        rounds++
      }
      for (const engine of engines) {
        await more()
        const deployed = engine.deploy(changed(guarantee))
        await more()
        await more()
        await deployed
        await more()
      }
      const out = (await read(log, 'out', rounds * keys)).map(({ data }) => data as [number, number])
      for (let key = 0; key < keys; key++) {
        const counts = out.filter(([of]) => of === key).map(([, count]) => count)
        // At least once may repeat.
        const once = guarantee === 'exactly-once' ? counts : [...new Set(counts)]
        expect(once).toEqual(Array.from({ length: rounds }, (_, n) => n + 1))
      }
      expect(out.length).toBeGreaterThanOrEqual(rounds * keys)
      await Promise.all(engines.map((engine) => engine.close()))
    })

    test('a stage that no version has any more leaves nothing behind, when the last process has the new one', async () => {
      const engines = ['first', 'second'].map((instance) => localEngine({ log, keyPartitions: 3, instance }))
      const plain = topology('t', { guarantee })
        .from(topic<number>('in', { partitions: 4 }))
        .map((e) => e.data)
        .to(topic('out', { partitions: 1 }))
      for (const engine of engines) await engine.submit(counting(guarantee))
      await publish(log, 'in', numbers(keys), 4)
      await read(log, 'out', keys)
      const topicThere = async (): Promise<boolean> =>
        (await log.describeTopic('t.fold.repartition')) !== undefined
      await engines[0]!.deploy(plain, { dropState: ['fold'] })
      expect(await topicThere()).toBe(true)
      await engines[1]!.deploy(plain, { dropState: ['fold'] })
      await until('its topic is gone', async () => !(await topicThere()))
      expect((await log.listGroups()).map(({ group }) => group)).not.toContain('t.fold')
      await Promise.all(engines.map((engine) => engine.close()))
    })

    test('event time waits for the slowest of all', async () => {
      const at = (s: number): string => new Date(1_700_000_000_000 + s * 1000).toISOString()
      const windows = topology('t', { guarantee, idleAfter: '1d' })
        .from(topic<string>('in', { partitions: 2 }))
        .keyBy((e) => e.data)
        .window(tumbling('10s'))
        .count()
        .to(topic('out', { partitions: 1 }))
      const engines = ['first', 'second'].map((instance) => localEngine({ log, keyPartitions: 2, instance }))
      for (const engine of engines) await engine.submit(windows)
      const sharedOut = async (): Promise<boolean> =>
        (await log.listGroups())
          .filter(({ group }) => group === 't' || group === 't.count')
          .every(
            ({ members }) =>
              members.length === 2 && members.every(({ assignment }) => assignment.length === 1),
          )
      await until('each has a partition of both', sharedOut)
      const append = (partition: number, s: number, data = 'k'): Promise<unknown> =>
        log.append('in', [{ ...plain(at(s), data), partition }])
      await append(0, 1)
      await append(0, 25)
      await append(0, 40)
      const lag = async (): Promise<number> => {
        const metrics = await Promise.all(engines.map((engine) => engine.metrics('t')))
        return metrics.reduce((sum, each) => sum + each.lag + each.pending, 0)
      }
      await until('all is read', async () => (await lag()) === 0)
      expect((await log.partitions('out'))[0]!.latest).toBe(0)
      await append(1, 2)
      await append(1, 15)
      await append(1, 30)
      const out = await read(log, 'out', 3)
      expect(out.map(({ data }) => (data as { value: number }).value)).toEqual([2, 1, 1])
      await Promise.all(engines.map((engine) => engine.close()))
    })
  },
)

const plain = (time: string, data: string): { value: string; headers: [string, string][] } => ({
  value: JSON.stringify(data),
  headers: [
    ['ce_specversion', '1.0'],
    ['ce_id', crypto.randomUUID()],
    ['ce_source', '/test'],
    ['ce_type', 'test'],
    ['ce_time', time],
  ],
})
