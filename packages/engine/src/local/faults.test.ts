import {
  type Bolt,
  type ErrorCode,
  HeddleError,
  type Log,
  type State,
  type Topology,
  type Transactor,
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

type Fault = (what: 'append' | 'commit' | 'read', topology: string) => ErrorCode | undefined

/** The log, failing where `fault` says so, before anything was done. */
function faulty(real: Log, fault: Fault): Log {
  const fail = (what: Parameters<Fault>[0], name: string): void => {
    const code = fault(what, name)
    if (code) throw new HeddleError(code, 'on purpose')
  }
  const instead: Partial<Log> = {
    append: async (name, ...rest) => {
      fail('append', name.split('.')[0]!)
      return real.append(name, ...rest)
    },
    read: async (positions, ...rest) => {
      fail('read', positions[0]?.topic ?? '')
      return real.read(positions, ...rest)
    },
    joinGroup: async (options) => {
      const member = await real.joinGroup(options)
      const commit = member.commit.bind(member)
      member.commit = async (offsets) => {
        fail('commit', options.group)
        await commit(offsets)
      }
      return member
    },
    transactor: async (id): Promise<Transactor> => {
      const transactor = await real.transactor(id)
      const begin = transactor.begin.bind(transactor)
      transactor.begin = () => {
        const transaction = begin()
        const commit = transaction.commit.bind(transaction)
        transaction.commit = async () => {
          try {
            fail('commit', id)
          } catch (error) {
            await transaction.abort()
            throw error
          }
          await commit()
        }
        return transaction
      }
      return transactor
    },
  }
  return new Proxy(real, {
    get: (target, name) => {
      const found: unknown = Reflect.get(name in instead ? instead : target, name)
      return typeof found === 'function' ? (found.bind(target) as unknown) : found
    },
  })
}

function counting(name: string, guarantee: 'at-least-once' | 'exactly-once'): Topology {
  const t = topology.graph(name, { guarantee })
  const source = t.spout('in', fromTopic<number>('in'), { fields: ['n'] })
  const count: { create: () => Bolt<{ n: number }, { value: number }> } = {
    create: () => {
      let state: State
      return {
        open: (context) => void ({ state } = context),
        execute(_tuple, out) {
          const value = (state.get<number>('count') ?? 0) + 1
          state.put('count', value)
          out.emit({ value })
        },
      }
    },
  }
  const counts = t.bolt('count', count, { fields: ['value'] }).global(source)
  t.bolt('out', toTopic(topic(`${name}.out`, { partitions: 1 }))).shuffle(counts)
  return t
}

const numbers = (count: number): { data: number }[] => Array.from({ length: count }, (_, n) => ({ data: n }))
const restart = { attempts: Infinity, initialMs: 1, factor: 1, maxMs: 1, jitter: 0 }

describe.each(['at-least-once', 'exactly-once'] as const)('a log that fails, %s', (guarantee) => {
  test('for a while: it is tried again, and the counts are right', async () => {
    let failures = 0
    // A submit whose plan cannot be kept is refused; here it is about what comes after.
    const fault: Fault = (_, name) =>
      name !== 't.plan' && failures++ % 3 === 0 && failures < 60 ? 'HEDDLE_LOG_IO' : undefined
    const engine = localEngine({ log: faulty(log, fault), restart })
    await publish(log, 'in', numbers(50))
    await engine.submit(counting('t', guarantee))
    for (let times = 0; times < 10; times++) {
      await publish(log, 'in', numbers(10))
      await until('it goes on', async () => (await log.partitions('t.out'))[0]!.latest >= 50 + times * 10)
    }
    // At least once may count what it did over again twice; neither loses any.
    await until('all are counted', async () => {
      const counts = (await read(log, 't.out', 150)).map(({ data }) => data as number)
      return Math.max(...counts) >= 150
    })
    expect((await engine.describe('t')).lastError?.message).toContain('on purpose')
    await until('it is active', async () => (await engine.describe('t')).state === 'active')
    await engine.close()
    const counts = (await read(log, 't.out', 150)).map(({ data }) => data as number)
    const exact = counts.length === 150 && counts.every((count, at) => count === at + 1)
    expect(exact || guarantee === 'at-least-once').toBe(true)
  })

  test('for good: that topology fails and says why, others go on, and it can be submitted again', async () => {
    let broken = true
    const fault: Fault = (what, name) =>
      broken && what === 'commit' && name === 't' ? 'HEDDLE_LOG_CORRUPT' : undefined
    const engine = localEngine({ log: faulty(log, fault), restart })
    await publish(log, 'in', numbers(5))
    await engine.submit(counting('t', guarantee))
    await engine.submit(counting('u', guarantee))
    await until('it has failed', async () => (await engine.describe('t')).state === 'failed')
    expect((await engine.describe('t')).lastError).toMatchObject({ component: 't' })
    expect((await read(log, 'u.out', 5)).map(({ data }) => data)).toEqual([1, 2, 3, 4, 5])
    expect((await engine.describe('u')).state).toBe('active')
    await engine.kill('t')
    broken = false
    await engine.submit(counting('t', guarantee))
    await until('all are counted', async () => {
      const { lag, pending } = await engine.metrics('t')
      return lag === 0 && pending === 0
    })
    await engine.close()
    const out = (await read(log, 't.out', 5)).map(({ data }) => data as number)
    expect([1, 2, 3, 4, 5].every((n) => out.includes(n))).toBe(true)
  })
})

test('a bolt that cannot be opened is told to who submits, and leaves nothing running', async () => {
  await publish(log, 'in', numbers(1))
  const t = topology.graph('t')
  const source = t.spout('in', fromTopic('in'), { fields: ['n'] })
  t.bolt('broken', {
    open: () => Promise.reject(new Error('no such file')),
    execute: () => {},
  }).shuffle(source)
  const engine = localEngine({ log })
  await expect(engine.submit(t)).rejects.toThrow('no such file')
  expect(await engine.list()).toEqual([])
  const groups = await log.listGroups()
  expect(groups.filter(({ members }) => members.length > 0)).toEqual([])
})
