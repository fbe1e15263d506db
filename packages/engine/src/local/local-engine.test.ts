import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BoltFunction,
  type Event,
  type Log,
  type Values,
  event,
  fromRecord,
  fromTopic,
  java,
  toRecord,
  toTopic,
  topic,
  topology,
  tumbling,
} from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localEngine } from './local-engine.ts'

let path: string
let log: Log

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'heddle-engine-'))
  log = await openEmbeddedLog({ path })
})

afterEach(async () => {
  await log.close()
  rmSync(path, { recursive: true })
})

/** Publishes events with these data. */
async function publish(name: string, data: readonly unknown[], key?: (n: number) => string): Promise<void> {
  if (!(await log.describeTopic(name))) await log.createTopic({ name, partitions: 2 })
  const events = data.map((each, n) =>
    event({ type: 'test', data: each, ...(key && { partitionkey: key(n) }) }),
  )
  await log.append(name, events.map(toRecord))
}

/** Reads events of a topic until there are `count`. */
async function read(name: string, count: number): Promise<Event[]> {
  const found: Event[] = []
  const positions = (await log.partitions(name)).map(({ topic, partition, earliest }) => ({
    topic,
    partition,
    offset: earliest,
  }))
  while (found.length < count) {
    for (const part of await log.read(positions, { waitMs: 5000 })) {
      positions.find(({ partition }) => partition === part.partition)!.offset = part.nextOffset
      for (const record of part.records) found.push(fromRecord(record, part))
    }
  }
  return found
}

test.each(['at-least-once', 'exactly-once'] as const)('a flow, %s', async (guarantee) => {
  await publish('numbers', [1, 2, 3, 4, 5, 6])
  const engine = localEngine({ log })
  await engine.submit(
    topology('even', { guarantee })
      .from(topic<number>('numbers'))
      .filter((e) => e.data % 2 === 0)
      .map((e) => ({ double: e.data * 2 }))
      .to(topic('doubled')),
  )
  const out = await read('doubled', 3)
  expect(out.map(({ data }) => (data as { double: number }).double).toSorted((a, b) => a - b)).toEqual([
    4, 8, 12,
  ])
  await engine.close()
})

test.each(['at-least-once', 'exactly-once'] as const)('word count as a graph, %s', async (guarantee) => {
  await publish('lines', ['a b a', 'b c', 'a'])
  const t = topology.graph('word-count', { guarantee })
  const lines = t.spout('lines', fromTopic<string>('lines'), { fields: ['line'] })
  const split: BoltFunction<{ line: string }, { word: string }> = ({ values }, out) => {
    for (const word of values.line.split(' ')) out.emit({ word })
  }
  const words = t.bolt('split', split, { fields: ['word'], parallelism: 2 }).shuffle(lines)
  const counts = t
    .bolt<{ word: string }, Values, readonly ['value']>(
      'count',
      {
        create: () => {
          let state: import('@heddle/core').State
          return {
            open: (context) => void (state = context.state),
            execute({ values }, out) {
              const count = (state.get<number>(values.word) ?? 0) + 1
              state.put(values.word, count)
              out.emit({ value: { word: values.word, count } })
            },
          }
        },
      },
      { fields: ['value'], parallelism: 3 },
    )
    .fields(words, 'word')
  t.bolt('out', toTopic('counts')).shuffle(counts)
  const engine = localEngine({ log })
  await engine.submit(t)
  const out = await read('counts', 6)
  const last = new Map<string, number>()
  for (const { data } of out) {
    const { word, count } = data as { word: string; count: number }
    last.set(word, Math.max(count, last.get(word) ?? 0))
  }
  expect(Object.fromEntries(last)).toEqual({ a: 3, b: 2, c: 1 })
  await engine.close()
})

test.each(['at-least-once', 'exactly-once'] as const)('windows, %s', async (guarantee) => {
  const at = (ms: number): string => new Date(1_700_000_000_000 + ms).toISOString()
  await log.createTopic({ name: 'clicks', partitions: 1 })
  await log.append(
    'clicks',
    [0, 10, 700, 1500, 5000].map((ms) =>
      toRecord(event({ type: 'click', time: at(ms), data: { user: 'u' } })),
    ),
  )
  const engine = localEngine({ log })
  await engine.submit(
    topology('per-user', { guarantee })
      .from(topic<{ user: string }>('clicks'))
      .keyBy((e) => e.data.user)
      .window(tumbling('1s'))
      .count()
      .to(topic('per-user')),
  )
  const out = await read('per-user', 2)
  expect(out.map(({ data }) => (data as { value: number }).value)).toEqual([3, 1])
  expect(out[0]!.partitionkey).toBe('u')
  await engine.close()
})

test('a class in Java is refused, with where it runs', async () => {
  const t = topology.graph('t')
  const lines = t.spout('lines', fromTopic('lines'), { fields: ['line'] })
  t.bolt('count', java('org.example.CountBolt')).shuffle(lines)
  const engine = localEngine({ log })
  await expect(engine.submit(t)).rejects.toThrow(
    "'count' of 't' is the class org.example.CountBolt, and Java runs on Storm only",
  )
  await engine.close()
})
