/**
 * The topologies that the engine contract runs. They are made by name and depend on nothing but that, so that an engine
 * whose tasks live in other processes can make them there: functions do not travel.
 *
 * @module
 */
import type { Guarantee } from '../../plan/plan.ts'
import { topology } from '../../topology/builder.ts'
import type { Bolt, BoltFunction, State } from '../../topology/component.ts'
import { fromTopic, toTopic } from '../../topology/graph-ends.ts'
import { backoff, noRetry } from '../../topology/retry.ts'
import { otherwise } from '../../topology/step-options.ts'
import { topic } from '../../topology/topic.ts'
import type { Topology } from '../../topology/topology.ts'
import { tumbling } from '../../topology/window.ts'

/** What a topology is called; its topics are named after it: `<name>.in`, `<name>.out`. */
export type MakeTopology = (name: string, guarantee: Guarantee) => Topology

const input = <T>(name: string) => topic<T>(`${name}.in`, { partitions: 2 })
const output = (name: string, which = 'out') => topic(`${name}.${which}`, { partitions: 1 })

/** Counts words: a line in, `{ word, count, version }` out for each word. */
const words: MakeTopology = (name, guarantee) => wordsOf(name, guarantee, 1, 3)

/** Another version of `words`, which goes on with its counts. */
const wordsLater: MakeTopology = (name, guarantee) => wordsOf(name, guarantee, 2, 2)

function wordsOf(name: string, guarantee: Guarantee, version: number, parallelism: number): Topology {
  const t = topology.graph(name, { guarantee })
  const lines = t.spout('lines', fromTopic(input<string>(name)), { fields: ['line'] })
  const split: BoltFunction<{ line: string }, { word: string }> = ({ values }, out) => {
    for (const word of values.line.split(' ')) out.emit({ word })
  }
  const count: { create: () => Bolt<{ word: string }, { word: string; count: number; version: number }> } = {
    create: () => {
      let state: State
      return {
        open: (context) => void ({ state } = context),
        execute({ values: { word } }, out) {
          const counted = (state.get<number>(word) ?? 0) + 1
          state.put(word, counted)
          out.emit({ word, count: counted, version })
        },
      }
    },
  }
  const each = t.bolt('split', split, { fields: ['word'], parallelism: 2 }).shuffle(lines)
  const counts = t
    .bolt('count', count, { fields: ['word', 'count', 'version'], parallelism })
    .fields(each, 'word')
  t.bolt('out', toTopic(output(name))).shuffle(counts)
  return t
}

/** Three tasks behind each of the seven groupings: a number in, `{ via, task, n }` out for each task that got it. */
const groupings: MakeTopology = (name, guarantee) => {
  const t = topology.graph(name, { guarantee })
  const numbers = t.spout('numbers', fromTopic(input<number>(name)), { fields: ['n'] })
  let tasks: readonly number[] = []
  const spread: Bolt<{ n: number }, { n: number; key: number }> = {
    open: (context) => void (tasks = context.tasksOf('direct')),
    execute({ values: { n } }, out) {
      out.emit({ n, key: n % 5 })
      out.emit({ n, key: n % 5 }, { stream: 'direct', task: tasks[n % 3]! })
    },
  }
  const keyed = t
    .bolt('spread', spread, { fields: ['n', 'key'], streams: { direct: ['n', 'key'] } })
    .shuffle(numbers)
  interface Seen {
    readonly via: string
    readonly task: number
    readonly n: number
  }
  const seen = (via: string): { create: () => Bolt<{ n: number; key: number }, { value: Seen }> } => ({
    create: () => {
      let task = -1
      return {
        open: (context) => void (task = context.index),
        execute: ({ values: { n } }, out) => out.emit({ value: { via, task, n } }),
      }
    },
  })
  const options = { fields: ['value'], parallelism: 3 } as const
  const out = t.bolt('out', toTopic<{ value: Seen }>(output(name)))
  out.shuffle(t.bolt('shuffle', seen('shuffle'), options).shuffle(keyed))
  out.shuffle(t.bolt('local', seen('local'), options).localOrShuffle(keyed))
  out.shuffle(t.bolt('fields', seen('fields'), options).fields(keyed, 'key'))
  out.shuffle(t.bolt('partial', seen('partial'), options).partialKey(keyed, 'key'))
  out.shuffle(t.bolt('all', seen('all'), options).all(keyed))
  out.shuffle(t.bolt('global', seen('global'), options).global(keyed))
  out.shuffle(t.bolt('direct', seen('direct'), options).direct(keyed.stream('direct')))
  return t
}

/** A flow: numbers below 100, each and its square, odd ones to `odd`, even ones to `even`. */
const flow: MakeTopology = (name, guarantee) =>
  topology(name, { guarantee })
    .from(input<number>(name))
    .filter((e) => e.data < 100)
    .flatMap((e) => [e.data, e.data * e.data])
    .route(
      { odd: (n) => n % 2 === 1, even: otherwise },
      { odd: (s) => s.to(output(name, 'odd')), even: (s) => s.to(output(name, 'even')) },
    )

/** Passes on what it gets; `bad` fails each time, `flaky` the first two times, `branch` goes to `failures`. */
const failing: MakeTopology = (name, guarantee) => {
  let flaky = 0
  return topology(name, { guarantee })
    .from(input<string>(name))
    .map(
      (e) => {
        if (e.data === 'bad') throw new Error('bad is bad')
        if (e.data === 'flaky' && flaky++ < 2) throw new Error('not yet')
        return e
      },
      { name: 'picky', retry: backoff(1, { attempts: 3, max: 1 }) },
    )
    .map(
      (e) => {
        if (e.data === 'branch') throw new Error('off')
        return e
      },
      {
        retry: noRetry,
        onError: (failures) =>
          failures.map(({ error, value }) => `${value.data}: ${error.message}`).to(output(name, 'failures')),
      },
    )
    .to(output(name))
}

/** Passes on what it gets; the first `slow` never ends, so that it is replayed. */
const hanging: MakeTopology = (name, guarantee) => {
  let hung = false
  return topology(name, { guarantee, messageTimeout: '1s' })
    .from(input<string>(name))
    .enrich(
      (e) => {
        if (e.data !== 'slow' || hung) return e
        hung = true
        return new Promise<typeof e>(() => {})
      },
      { concurrency: 2 },
    )
    .to(output(name))
}

/** Orders with the names of their customers, out of a table, counted for each name in windows of ten seconds of event time. */
const timed: MakeTopology = (name, guarantee) => {
  const t = topology(name, { guarantee, idleAfter: '10h' })
  const customers = t.table(topic<string>(`${name}.customers`, { partitions: 2 }))
  return t
    .from(input<string>(name))
    .keyBy((e) => e.data)
    .joinTable(customers, (_, customer) => customer)
    .keyBy((customer) => customer)
    .window(tumbling('10s'))
    .count()
    .map(({ key, value }) => `${key} ${value}`)
    .to(output(name))
}

/** Adds numbers up, and tells the sum at a tick when it has changed. */
const ticking: MakeTopology = (name, guarantee) => {
  const t = topology.graph(name, { guarantee, tickInterval: '50ms' })
  const numbers = t.spout('numbers', fromTopic(input<number>(name)), { fields: ['n'] })
  const sum: { create: () => Bolt<{ n: number }, { value: number }> } = {
    create: () => {
      let state: State
      return {
        open: (context) => void ({ state } = context),
        execute: ({ values: { n } }) => state.put('sum', (state.get<number>('sum') ?? 0) + n),
        tick(out) {
          const value = state.get<number>('sum') ?? 0
          if (value === state.get('told')) return
          state.put('told', value)
          out.emit({ value })
        },
      }
    },
  }
  t.bolt('out', toTopic(output(name))).shuffle(t.bolt('sum', sum, { fields: ['value'] }).global(numbers))
  return t
}

/** Each of them by its name. */
export const contractTopologies = {
  words,
  wordsLater,
  groupings,
  flow,
  failing,
  hanging,
  timed,
  ticking,
} as const
