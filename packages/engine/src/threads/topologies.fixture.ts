/** Topologies for tests of threads, by name: good ones, and ones that are not. */
import { type Topology, fromTopic, topic, topology } from '@heddle/core'

const one = { partitions: 1 }
const many = { partitions: 8 }

/** Does something once for an event that says `bad`, and then no more: a mark in a topic of the log would do as well. */
function once(name: string, bad: () => unknown): Topology {
  return topology(name, { guarantee: 'exactly-once' })
    .from(topic<string | number>(`${name}.in`, one))
    .map((e) => {
      if (e.data === 'bad') bad()
      return e.data
    })
    .to(topic(`${name}.out`, one))
}

/** A second version of `stateful`, one that does not start, and one that cannot take its place. */
export const versions: Readonly<Record<string, Topology>> = {
  doubled: topology('stateful', { guarantee: 'exactly-once' })
    .from(topic<string>('stateful.in', one))
    .keyBy((e) => e.data)
    .fold(
      () => 0,
      (count) => count + 1,
      { name: 'count' },
    )
    .map((count) => 2 * count)
    .to(topic('stateful.out', one)),
  broken: (() => {
    const t = topology.graph('stateful', { guarantee: 'exactly-once' })
    const input = fromTopic(topic<string>('stateful.in', one))
    const words = t.spout('in', input, { fields: ['word'] })
    const open = (): never => {
      throw new Error('on purpose')
    }
    t.bolt('key', { open, execute: () => {} }).shuffle(words)
    return t
  })(),
  other: topology('stateful', { guarantee: 'exactly-once' })
    .from(topic<string>('stateful.in', one))
    .dedupe({ by: (e) => e.data, within: '1h', name: 'count' })
    .to(topic('stateful.out', one)),
}

export const topologies: Readonly<Record<string, Topology>> = Object.fromEntries(
  [
    once('good', () => {}),
    once('loops', () => {
      for (;;);
    }),
    once('hogs', () => {
      const kept: unknown[] = []
      for (;;) kept.push(Array.from({ length: 10_000 }, () => kept.length))
    }),
    once('hogs-arrays', () => {
      const kept: unknown[] = []
      for (;;) kept.push(Array(1000).fill(0))
    }),
    once('exits', () => process.exit(3)),
    once('throws', () => {
      setTimeout(() => {
        throw new Error('out of the blue')
      })
    }),
    topology('cannot-start').from(topic('cannot-start.in', one)).to({ kind: 'unknown', config: {} }),
    topology('shared', { guarantee: 'exactly-once', threads: 2 })
      .from(topic<number>('shared.in', many))
      .map((e) => e.data)
      .to(topic('shared.out', one)),
    topology('stateful', { guarantee: 'exactly-once' })
      .from(topic<string>('stateful.in', one))
      .keyBy((e) => e.data)
      .fold(
        () => 0,
        (count) => count + 1,
        { name: 'count' },
      )
      .to(topic('stateful.out', one)),
  ].map((each) => [each.name, each]),
)
