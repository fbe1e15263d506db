/**
 * A cursor: how far a reader has come in every partition of a topic. Readable, so that an operator can write one.
 *
 * ```
 * cursor = entry *("," entry)
 * entry  = partition ":" offset        both decimal; offset is the next one to read
 * ```
 *
 * The cursor that comes with an event names that event's partition first, so that the event's own place is the first
 * entry with one taken off its offset. A partition that is not named is read from its beginning: it was added to the
 * topic after the cursor was made.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'

const grammar = /^\d{1,9}:\d{1,16}(,\d{1,9}:\d{1,16})*$/

/** Partition → next offset. */
export type Cursor = Map<number, number>

/**
 * Reads a cursor.
 * @throws HEDDLE_HTTP_BAD_REQUEST
 */
export function parseCursor(text: string): Cursor {
  if (!grammar.test(text)) {
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      `the cursor must look like '0:12,1:7', and is '${text.slice(0, 100)}'`,
    )
  }
  const cursor: Cursor = new Map()
  for (const entry of text.split(',')) {
    const [partition, offset] = entry.split(':').map(Number)
    cursor.set(partition!, offset!)
  }
  return cursor
}

/** Writes a cursor, the entry of partition `first` before the others. */
export function formatCursor(cursor: ReadonlyMap<number, number>, first?: number): string {
  const place = first === undefined ? undefined : cursor.get(first)
  let text = place === undefined ? '' : `${first}:${place}`
  for (const [partition, offset] of cursor) {
    if (partition !== first) text += text === '' ? `${partition}:${offset}` : `,${partition}:${offset}`
  }
  return text
}

/** What stands after the first entry in the cursors of one partition's events, to write it once for many. */
export function cursorTail(cursor: ReadonlyMap<number, number>, first: number): string {
  let text = ''
  for (const [partition, offset] of cursor) if (partition !== first) text += `,${partition}:${offset}`
  return text
}
