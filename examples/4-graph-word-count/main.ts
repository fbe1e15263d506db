// Storm's first topology: a spout of lines, a bolt that splits them, and one that counts words, by a fields grouping.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heddle/client'
import {
  type Bolt,
  type BoltFunction,
  type TaskContext,
  createFabric,
  fromTopic,
  toTopic,
  topology,
} from 'heddle'

const split: BoltFunction<{ line: string }, { word: string }> = ({ values }, out) => {
  for (const word of values.line.toLowerCase().match(/\w+/g) ?? []) out.emit({ word })
}

/** Each task has its own counter, whose state is committed with what it emitted. */
const counter = (): Bolt<{ word: string }, { word: string; count: number }> => {
  let context: TaskContext
  return {
    open(opened) {
      context = opened
    },
    execute({ values: { word } }, out) {
      const count = (context.state.get<number>(word) ?? 0) + 1
      context.state.put(word, count)
      out.emit({ word, count })
    },
  }
}

const t = topology.graph('word-count', { guarantee: 'exactly-once' })
const lines = t.spout('lines', fromTopic<string>('lines'), { fields: ['line'] })
const words = t.bolt('split', split, { fields: ['word'], parallelism: 2 }).shuffle(lines)
const counts = t
  .bolt('count', { create: counter }, { fields: ['word', 'count'], parallelism: 4 })
  .fields(words, 'word')
t.bolt('out', toTopic('counts')).shuffle(counts)

const data = mkdtempSync(join(tmpdir(), 'heddle-words-'))
const fabric = await createFabric({ data, http: { port: 0 } }, { topologies: [t] })
const client = createClient({ url: fabric.url })

const text = ['the quick brown fox', 'jumps over the lazy dog', 'the end']
await client.publish(
  'lines',
  text.map((line) => ({ type: 'line', data: line })),
)

const latest: Record<string, number> = {}
const total = text.join(' ').split(' ').length
let seen = 0
for await (const { event } of client.subscribe<{ word: string; count: number }>('counts', {
  from: 'earliest',
})) {
  const { word, count } = event.data
  latest[word] = Math.max(latest[word] ?? 0, count)
  if (++seen === total) break
}
console.log(latest)
assert.equal(latest['the'], 3)
assert.equal(latest['fox'], 1)
assert.equal(
  Object.values(latest).reduce((sum, count) => sum + count, 0),
  total,
)

await client.close()
await fabric.close()
rmSync(data, { recursive: true })
