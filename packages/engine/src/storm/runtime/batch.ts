import { deserialize, serialize } from 'node:v8'
import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'
import type { LogRecord, RecordInput } from '@heddle/core'

/**
 * Many tuples as the one value of a Storm tuple: a text, since it has to pass through JSON, and through Java, which takes
 * more time for each byte and each value than all of the coding here.
 *
 * ```
 * batch   = 'b' base64( entries )  |  'z' base64( zstd( entries ) )
 * entries = [ [ value, headers ]* ], as node:v8 serialises it; an entry is the record of a carried tuple (stages/carried.ts)
 * ```
 */
export function encodeBatch(records: readonly RecordInput[]): string {
  const bytes = serialize(records.map(({ value, headers }): Entry => [value, headers ?? []]))
  if (bytes.length < worthCompressing) return `b${bytes.toString('base64')}`
  return `z${zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).toString('base64')}`
}

/** Below this many bytes compression costs more than it spares; measured with events of 200 bytes. */
const worthCompressing = 1024

type Entry = readonly [value: RecordInput['value'], headers: NonNullable<RecordInput['headers']>]

/** The records that a batch was made of, as they would be read from a log. @throws TypeError when it is none. */
export function decodeBatch(batch: unknown): readonly LogRecord[] {
  const kind = typeof batch === 'string' ? batch[0] : undefined
  if (kind !== 'b' && kind !== 'z') throw new TypeError('a tuple came that is no batch of Heddle')
  const bytes = Buffer.from((batch as string).slice(1), 'base64')
  const entries = deserialize(kind === 'z' ? zstdDecompressSync(bytes) : bytes) as readonly Entry[]
  return entries.map(([value, headers]) => ({
    offset: 0,
    timestamp: 0,
    key: null,
    value: bytesOf(value),
    headers: headers.map(([name, header]) => [name, bytesOf(header)] as const),
  }))
}

function bytesOf<T extends Uint8Array | null>(value: T | string): T | Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value
}
