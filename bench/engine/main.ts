import {
  type BoltFunction,
  type Log,
  type Spout,
  event,
  fromRecord,
  fromTopic,
  toRecord,
  topology,
} from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openEmbeddedLog } from '@heddle/log/embedded'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'

const lines = 50_000
const wordsPerLine = 10
const vocabulary = Array.from({ length: 1000 }, (_, n) => `word${n}`)
/** A tuple for each line, and one for each of its words. */
const tuples = lines * (1 + wordsPerLine)
const rounds = 7

const lineOf = (n: number): string =>
  Array.from({ length: wordsPerLine }, (_, at) => vocabulary[(n * 31 + at * 17) % vocabulary.length]).join(
    ' ',
  )
const text = Array.from({ length: lines }, (_, n) => lineOf(n))

const perSecond = async (work: () => Promise<void> | void): Promise<number> => {
  const began = performance.now()
  await work()
  return rate(performance.now() - began)
}

const rate = (ms: number): number => (tuples / ms) * 1000

/** What the topology does, as plain function calls. */
function plainly(): void {
  const counts = new Map<string, number>()
  const count = (word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1)
  const split = (line: string): void => {
    for (const word of line.split(' ')) count(word)
  }
  for (const line of text) split(line)
}

/** The same, reading the lines from the log by hand. */
async function plainlyFromLog(log: Log): Promise<void> {
  const counts = new Map<string, number>()
  const count = (word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1)
  for (let offset = 0; offset < lines;) {
    const [part] = await log.read([{ topic: 'lines', partition: 0, offset }])
    for (const record of part!.records)
      for (const word of (fromRecord(record, part!).data as string).split(' ')) count(word)
    offset = part!.nextOffset
  }
}

const split: BoltFunction<{ line: string }, { word: string }> = ({ values }, out) => {
  for (const word of values.line.split(' ')) out.emit({ word })
}

/** Calls `done` when all words are counted, with the milliseconds since the first. */
function counter(done: (ms: number) => void): BoltFunction<{ word: string }> {
  const counts = new Map<string, number>()
  let total = 0
  let began = 0
  return ({ values: { word } }) => {
    if (total === 0) began = performance.now()
    counts.set(word, (counts.get(word) ?? 0) + 1)
    if (++total === lines * wordsPerLine) done(performance.now() - began)
  }
}

function ofLines(): Spout<{ line: string }> {
  let next = 0
  return {
    next(out) {
      for (let n = 0; n < 200 && next < lines; n++) out.emit({ line: text[next]! }, { id: String(next++) })
    },
  }
}

export async function run(report: Report): Promise<void> {
  await scratch(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 'lines', partitions: 1 })
    for (let at = 0; at < lines; at += 1000)
      await log.append(
        'lines',
        text.slice(at, at + 1000).map((data) => toRecord(event({ type: 'line', data }))),
      )
    const engine = localEngine({ log })
    let round = 0
    const wordCount = async (source: 'spout' | 'topic'): Promise<number> => {
      const name = `${source}-${round++}`
      const { promise, resolve } = Promise.withResolvers<number>()
      const t = topology.graph(name)
      const from =
        source === 'spout'
          ? t.spout('lines', ofLines(), { fields: ['line'] })
          : t.spout('lines', fromTopic<string>('lines'), { fields: ['line'] })
      const words = t.bolt('split', split, { fields: ['word'], parallelism: 4 }).shuffle(from)
      t.bolt('count', counter(resolve), { parallelism: 8 }).fields(words, 'word')
      await engine.submit(t)
      const ms = await promise
      await engine.kill(name)
      return rate(ms)
    }
    const conditions = {
      topology: 'lines → split (4 tasks) → by word → count (8 tasks), at-least-once',
      tuples: `${tuples} a round`,
    }
    const fromSpout = await sideBySide(rounds, {
      ours: () => wordCount('spout'),
      reference: () => perSecond(plainly),
    })
    report({
      figure: 'word count from a spout, tracked',
      unit: 'tuples/s',
      ...fromSpout,
      atLeast: 1 / 3,
      conditions: { ...conditions, rounds: fromSpout.rounds, against: 'the same as plain function calls' },
    })
    const fromLog = await sideBySide(rounds, {
      ours: () => wordCount('topic'),
      reference: () => perSecond(() => plainlyFromLog(log)),
    })
    report({
      figure: 'word count from a topic, tracked',
      unit: 'tuples/s',
      ...fromLog,
      atLeast: 1 / 3,
      conditions: {
        ...conditions,
        rounds: fromLog.rounds,
        against: 'reading the log by hand, then plain function calls',
      },
    })
    await engine.close()
    await log.close()
  })
}
