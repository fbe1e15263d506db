/**
 * Where a reader begins, by its query:
 *
 * ```
 * cursor=0:12,1:7              go on where another read ended (SSE: the header Last-Event-ID)
 * partition=2&offset=40        one partition, from that offset
 * partition=2&from=…           one partition
 * from=earliest | latest | 2026-11-24T06:00:00Z | 1795500000000
 * ```
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import { type Cursor, parseCursor } from '../cursor.ts'
import type { GatewayLogPort } from '../options.ts'
import type { Query } from '../routes/route.ts'

/** One value of a query parameter. @throws HEDDLE_HTTP_BAD_REQUEST when it is given twice. */
export function one(query: Query, name: string): string | undefined {
  const value = query[name]
  if (Array.isArray(value))
    throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', `${name} is given ${value.length} times`, {
      info: { parameter: name },
    })
  return value
}

/** A whole number of a query parameter, within bounds. @throws HEDDLE_HTTP_BAD_REQUEST */
export function whole(query: Query, name: string, max: number, min = 0): number | undefined {
  const text = one(query, name)
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new HeddleError(
    'HEDDLE_HTTP_BAD_REQUEST',
    `${name} must be a whole number from ${min} to ${max}, and is '${text}'`,
    {
      info: { parameter: name },
    },
  )
}

/** Where a reader begins, and whether it stays with one partition. */
export interface Start {
  readonly cursor: Cursor
  /** The only partition that is read. */
  readonly only: number | undefined
}

/**
 * Finds the place to begin.
 * @param resume A cursor that takes precedence: Last-Event-ID.
 * @param otherwise What `from` is when nothing is said.
 * @throws HEDDLE_HTTP_BAD_REQUEST, HEDDLE_LOG_UNKNOWN_TOPIC
 */
export async function startOf(
  log: GatewayLogPort,
  topic: string,
  query: Query,
  otherwise: 'earliest' | 'latest',
  resume?: string,
): Promise<Start> {
  const partitions = await log.partitions(topic)
  const only = whole(query, 'partition', Number.MAX_SAFE_INTEGER)
  const chosen = only === undefined ? partitions : partitions.filter(({ partition }) => partition === only)
  if (chosen.length === 0) {
    throw new HeddleError(
      'HEDDLE_HTTP_BAD_REQUEST',
      `${topic} has partitions 0 to ${partitions.length - 1}, and none ${only}`,
      { info: { parameter: 'partition' } },
    )
  }
  const given = resume ?? one(query, 'cursor')
  if (given !== undefined) return { cursor: complete(parseCursor(given), chosen, topic), only }
  const offset = whole(query, 'offset', Number.MAX_SAFE_INTEGER)
  if (offset !== undefined) {
    if (only === undefined)
      throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'an offset needs a partition', {
        info: { parameter: 'offset' },
      })
    return { cursor: new Map([[only, offset]]), only }
  }
  const from = one(query, 'from') ?? otherwise
  if (from === 'earliest')
    return { cursor: new Map(chosen.map(({ partition, earliest }) => [partition, earliest])), only }
  if (from === 'latest')
    return { cursor: new Map(chosen.map(({ partition, latest }) => [partition, latest])), only }
  const timestamp = timestampOf(from)
  const offsets = await Promise.all(
    chosen.map(({ partition }) => log.offsetAt({ topic, partition }, timestamp)),
  )
  return { cursor: new Map(chosen.map(({ partition }, at) => [partition, offsets[at]!])), only }
}

function complete(
  cursor: Cursor,
  chosen: readonly { partition: number; earliest: number }[],
  topic: string,
): Cursor {
  const known = new Set(chosen.map(({ partition }) => partition))
  for (const partition of cursor.keys()) {
    if (!known.has(partition))
      throw new HeddleError(
        'HEDDLE_HTTP_BAD_REQUEST',
        `the cursor names partition ${partition}, which is not read of ${topic}`,
        { info: { parameter: 'cursor' } },
      )
  }
  for (const { partition, earliest } of chosen) if (!cursor.has(partition)) cursor.set(partition, earliest)
  return cursor
}

function timestampOf(text: string): number {
  const timestamp = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)
  if (!Number.isNaN(timestamp)) return timestamp
  throw new HeddleError(
    'HEDDLE_HTTP_BAD_REQUEST',
    `from must be earliest, latest, an RFC 3339 time or milliseconds since 1970, and is '${text}'`,
    { info: { parameter: 'from' } },
  )
}
