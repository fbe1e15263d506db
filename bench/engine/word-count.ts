import {
  type Bolt,
  type BoltFunction,
  type Log,
  type Spout,
  fromRecord,
  fromTopic,
  topology,
} from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openEmbeddedLog } from '@heddle/log/embedded'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'
import { peer } from '../lib/peer.ts'
import { storm, stormWordCount } from './storm.ts'
import { fillLines, lines, rate, split, text, tuples, wordsPerLine } from './words.ts'

const rounds = 7

/** What the topology does, as plain function calls. */
function plainly(): number {
  const began = performance.now()
  const counts = new Map<string, number>()
  const count = (word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1)
  const each = (line: string): void => {
    for (const word of line.split(' ')) count(word)
  }
  for (const line of text) each(line)
  return rate(performance.now() - began)
}

/** The same, reading the lines from the log by hand. */
async function plainlyFromLog(log: Log): Promise<number> {
  const began = performance.now()
  const counts = new Map<string, number>()
  const count = (word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1)
  for (let offset = 0; offset < lines;) {
    const [part] = await log.read([{ topic: 'lines', partition: 0, offset }])
    for (const record of part!.records)
      for (const word of (fromRecord(record, part!).data as string).split(' ')) count(word)
    offset = part!.nextOffset
  }
  return rate(performance.now() - began)
}

/** Calls `done` when all words are counted, with the milliseconds since the first. */
function counter(done: (ms: number) => void): BoltFunction<{ word: string }> {
  const counts = new Map<string, number>()
  const total = totaller(done)
  return ({ values: { word } }) => {
    counts.set(word, (counts.get(word) ?? 0) + 1)
    total()
  }
}

/** The same, with durable state. */
function keepingCounter(done: (ms: number) => void): { create: () => Bolt<{ word: string }> } {
  const total = totaller(done)
  const create = (): Bolt<{ word: string }> => {
    let state: Parameters<NonNullable<Bolt['open']>>[0]['state']
    return {
      open(context) {
        state = context.state
      },
      execute({ values: { word } }) {
        state.put(word, (state.get<number>(word) ?? 0) + 1)
        total()
      },
    }
  }
  return { create }
}

function totaller(done: (ms: number) => void): () => void {
  let total = 0
  let began = 0
  return () => {
    if (total === 0) began = performance.now()
    if (++total === lines * wordsPerLine) done(performance.now() - began)
  }
}

/** All lines, `times` times over. */
function ofLines(times: number): Spout<{ line: string }> {
  let next = 0
  return {
    next(out) {
      for (let n = 0; n < 200 && next < lines * times; n++)
        out.emit({ line: text[next % lines]! }, { id: String(next++) })
    },
  }
}

/** Word count against plain calls, by both guarantees, and against Storm. */
export async function wordCount(report: Report): Promise<void> {
  await scratch(async (path) => {
    const log = await openEmbeddedLog({ path })
    await fillLines(log)
    const engine = localEngine({ log })
    let round = 0
    const count = async (
      source: 'spout' | 'topic',
      guarantee: 'at-least-once' | 'exactly-once',
      keeps = false,
    ): Promise<number> => {
      const name = `count-${round++}`
      const { promise, resolve } = Promise.withResolvers<number>()
      const t = topology.graph(name, { guarantee })
      const from =
        source === 'spout'
          ? t.spout('lines', ofLines(1), { fields: ['line'] })
          : t.spout('lines', fromTopic<string>('lines'), { fields: ['line'] })
      const words = t.bolt('split', split, { fields: ['word'], parallelism: 4 }).shuffle(from)
      t.bolt('count', keeps ? keepingCounter(resolve) : counter(resolve), { parallelism: 8 }).fields(
        words,
        'word',
      )
      await engine.submit(t)
      const ms = await promise
      // Waits until all is acked and committed.
      const committing = performance.now()
      await engine.kill(name)
      return rate(ms + (performance.now() - committing))
    }
    const conditions = {
      topology: 'lines → split (4 tasks) → by word → count (8 tasks), tracked',
      tuples: `${tuples} a round`,
    }
    const fromSpout = await sideBySide(rounds, {
      ours: () => count('spout', 'at-least-once'),
      reference: plainly,
    })
    report({
      figure: 'word count from a spout: cost of plain calls',
      unit: 'tuples/s',
      ...fromSpout,
      atLeast: 1 / 3,
      conditions: { ...conditions, rounds: fromSpout.rounds, against: 'the same as plain function calls' },
    })
    report({
      figure: 'word count from a spout: 1M a second',
      unit: 'tuples/s',
      ours: fromSpout.ours,
      reference: 1_000_000,
      atLeast: 1,
      conditions: { ...conditions, against: 'a bound' },
    })
    const fromLog = await sideBySide(rounds, {
      ours: () => count('topic', 'at-least-once'),
      reference: () => plainlyFromLog(log),
    })
    report({
      figure: 'word count from a topic: cost of plain calls',
      unit: 'tuples/s',
      ...fromLog,
      atLeast: 1 / 3,
      conditions: {
        ...conditions,
        rounds: fromLog.rounds,
        against: 'reading the log by hand, then plain function calls',
      },
    })
    const exactly = await sideBySide(rounds, {
      ours: () => count('topic', 'exactly-once', true),
      reference: () => count('topic', 'at-least-once', true),
    })
    report({
      figure: 'word count from a topic, counts in durable state: exactly-once',
      unit: 'tuples/s',
      ...exactly,
      atLeast: 0.6,
      conditions: { ...conditions, rounds: exactly.rounds, against: 'at-least-once, the same else' },
    })
    const classPath = await peer('Storm', storm)
    if (classPath !== undefined) {
      const theirs = await stormWordCount(classPath)
      report({
        figure: 'word count from a spout: Storm',
        unit: 'tuples/s',
        ours: fromSpout.ours,
        reference: theirs.tuplesPerSecond,
        atLeast: 3,
        conditions: { ...conditions, ...theirs.conditions },
      })
    }
    await engine.close()
    await log.close()
  })
}
