import {
  type Bolt,
  type Engine,
  type Log,
  type State,
  type Topology,
  fromTopic,
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

describe.each(guarantees)('two engines, %s', (guarantee) => {
  test('one runs what has state, the other stands by and takes over', async () => {
    const counting = (): Topology => {
      const t = topology.graph('t', { guarantee })
      const source = t.spout('in', fromTopic<string>('in'), { fields: ['word'] })
      const count: { create: () => Bolt<{ word: string }, { value: number }> } = {
        create: () => {
          let state: State
          return {
            open: (context) => void ({ state } = context),
            execute({ values: { word } }, out) {
              const value = (state.get<number>(word) ?? 0) + 1
              state.put(word, value)
              out.emit({ value })
            },
          }
        },
      }
      const counts = t.bolt('count', count, { fields: ['value'] }).fields(source, 'word')
      t.bolt('out', toTopic(topic('out', { partitions: 1 }))).shuffle(counts)
      return t
    }
    const words = (count: number): { data: string }[] => Array.from({ length: count }, () => ({ data: 'w' }))
    await publish(log, 'in', words(5), 4)
    const first = localEngine({ log })
    const second = localEngine({ log })
    expect((await first.submit(counting())).state).toBe('active')
    expect((await second.submit(counting())).state).toBe('starting')
    await publish(log, 'in', words(5))
    await read(log, 'out', 10)
    await first.close()
    const active = async (): Promise<boolean> => (await second.describe('t')).state === 'active'
    await until('the second runs it', active)
    await publish(log, 'in', words(5))
    const out = await read(log, 'out', 15)
    expect(out.map(({ data }) => data)).toEqual(Array.from({ length: 15 }, (_, n) => n + 1))
    await second.close()
  })

  test('what has no state is shared', async () => {
    const owners = new Map<number, string>()
    const copy = (name: string): Topology =>
      topology('t', { guarantee })
        .from(topic<number>('in'))
        .map((e) => {
          owners.set(e.data, name)
          return e.data
        })
        .to(topic('out', { partitions: 1 }))
    const numbers = (from: number, to: number): { data: number }[] =>
      Array.from({ length: to - from }, (_, n) => ({ data: from + n }))
    const append = async (from: number, to: number): Promise<void> => {
      for (const each of numbers(from, to)) await publish(log, 'in', [each])
    }
    await publish(log, 'in', numbers(0, 20), 4)
    const engines: Engine[] = []
    for (const name of ['first', 'second']) {
      const engine = localEngine({ log })
      engines.push(engine)
      await engine.submit(copy(name))
    }
    const members = async (): Promise<number> =>
      (await log.listGroups())
        .find(({ group }) => group === 't')!
        .members.filter(({ assignment }) => assignment.length === 2).length
    await until('each has half of the partitions', async () => (await members()) === 2)
    await append(20, 60)
    const out = await read(log, 'out', 60)
    expect(out.map(({ data }) => data as number).toSorted((a, b) => a - b)).toEqual(
      numbers(0, 60).map(({ data }) => data),
    )
    expect(new Set(numbers(20, 60).map(({ data }) => owners.get(data))).size).toBe(2)
    for (const engine of engines) await engine.close()
    expect((await log.partitions('out'))[0]!.latest).toBe(60)
  })
})
