import { type DeadLetterMark, type Position, type Store, utf8 } from '@heddle/core'

/** The store of all marks. */
export const marksStore = 'dead-letters'

const decoder = new TextDecoder()

/** Digits of the largest offset, so that keys are in the order of offsets. */
const digits = 16

/** Key of a mark: `topic/partition/offset`. */
export const markKey = ({ topic, partition, offset }: Position): string =>
  `${topic}/${partition}/${String(offset).padStart(digits, '0')}`

export function readMark(store: Store, place: Position): DeadLetterMark | undefined {
  const value = store.get(markKey(place))
  return value && (JSON.parse(decoder.decode(value)) as DeadLetterMark)
}

export const encodeMark = (mark: DeadLetterMark): Uint8Array => utf8(JSON.stringify(mark))

/** Marks of letters that the log does not keep any more. @param earliest The first one that it keeps. */
export function* staleMarks(store: Store, earliest: Position, limit: number): Iterable<string> {
  const { topic, partition } = earliest
  const range = { gte: markKey({ topic, partition, offset: 0 }), lt: markKey(earliest), limit }
  for (const [key] of store.entries(range)) yield key
}
