import { type BoltFunction, type Log, event, toRecord } from '@heddle/core'

/** The text of all word counts, ours and Storm's: `WordCount.java` makes the same. */
export const lines = 50_000
export const wordsPerLine = 10
/** A tuple for each line, and one for each of its words. */
export const tuples = lines * (1 + wordsPerLine)

const vocabulary = Array.from({ length: 1000 }, (_, n) => `word${n}`)

export const text: readonly string[] = Array.from({ length: lines }, (_, n) =>
  Array.from({ length: wordsPerLine }, (__, at) => vocabulary[(n * 31 + at * 17) % vocabulary.length]).join(
    ' ',
  ),
)

export const split: BoltFunction<{ line: string }, { word: string }> = ({ values }, out) => {
  for (const word of values.line.split(' ')) out.emit({ word })
}

/** Tuples a second. */
export const rate = (ms: number, count = tuples): number => (count / ms) * 1000

/** Makes the topic `lines`, with the text in it. */
export async function fillLines(log: Log): Promise<void> {
  await log.createTopic({ name: 'lines', partitions: 1 })
  for (let at = 0; at < lines; at += 1000)
    await log.append(
      'lines',
      text.slice(at, at + 1000).map((data) => toRecord(event({ type: 'line', data }))),
    )
}
