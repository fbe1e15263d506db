import {
  type DeadLetter,
  type DeadLetterQuery,
  HeddleError,
  type Log,
  type LogRecord,
  type Position,
  type Store,
  celPredicate,
  fromRecord,
} from '@heddle/core'
import { readMark } from './marks.ts'

const defaultLimit = 100

/** Most records that one page looks at: a filter may want none of them. */
const maxScanned = 10_000

const idPattern = /^(\d{1,9}):(\d{1,16})$/

/** A dead letter with the record that it is. */
export interface Found {
  readonly place: Position
  readonly record: LogRecord
  readonly letter: DeadLetter
}

export interface Scan {
  readonly found: readonly Found[]
  readonly next?: string
}

/** One page of the dead letters that are meant, in the order of partitions and offsets. */
export async function scan(
  log: Log,
  store: Store,
  topic: string,
  { ids, filter, after, limit = defaultLimit }: DeadLetterQuery,
  all = false,
): Promise<Scan> {
  const wants = filter === undefined ? () => true : willing(celPredicate(filter))
  const found: Found[] = []
  const look = (partition: number, record: LogRecord): void => {
    const place = { topic, partition, offset: record.offset }
    const mark = readMark(store, place)
    const event = fromRecord(record, place)
    if ((mark && !all) || !wants(event)) return
    const id = `${partition}:${record.offset}`
    found.push({ place, record, letter: { id, at: record.timestamp, event, ...(mark && { mark }) } })
  }

  if (ids) {
    for (const id of ids) {
      const place = placeOf(topic, id)
      const record = await readOne(log, place)
      if (record) look(place.partition, record)
    }
    return { found }
  }

  const from = after === undefined ? undefined : placeOf(topic, after)
  const partitions = await log.partitions(topic)
  let scanned = 0
  for (const { partition, earliest, latest } of partitions) {
    if (from && partition < from.partition) continue
    let offset = Math.max(earliest, from?.partition === partition ? from.offset : 0)
    while (offset < latest) {
      if (found.length >= limit || scanned >= maxScanned) return { found, next: `${partition}:${offset}` }
      const [fetched] = await log.read([{ topic, partition, offset }], {
        maxRecords: Math.min(limit - found.length, maxScanned - scanned),
      })
      for (const record of fetched?.records ?? []) {
        scanned++
        look(partition, record)
      }
      offset = fetched?.nextOffset ?? latest
    }
  }
  return { found }
}

/** The record at that place; `undefined` when it is not kept. */
export async function readOne(
  log: Log,
  { topic, partition, offset }: Position,
): Promise<LogRecord | undefined> {
  const found = (await log.partitions(topic)).find((one) => one.partition === partition)
  if (!found || offset < found.earliest || offset >= found.latest) return undefined
  const [fetched] = await log.read([{ topic, partition, offset }], { maxRecords: 1 })
  const record = fetched?.records[0]
  return record?.offset === offset ? record : undefined
}

function placeOf(topic: string, id: string): Position {
  const [, partition, offset] = idPattern.exec(id) ?? []
  if (offset === undefined)
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      `'${id}' is no place of a dead letter: it is partition:offset`,
    )
  return { topic, partition: Number(partition), offset: Number(offset) }
}

const willing =
  (wants: (value: unknown) => boolean) =>
  (value: unknown): boolean => {
    try {
      return wants(value)
    } catch {
      return false
    }
  }
