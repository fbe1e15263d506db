import { crc32 } from 'node:zlib'
import type { Batch } from './batch.ts'
import { at, batchMagic, batchVersion, headerBytes } from './format.ts'
import type { StoredRecord } from './record.ts'

/** A batch, and those of its records that stay. */
export interface Remainder {
  readonly batch: Batch
  readonly kept: readonly StoredRecord[]
}

/**
 * One batch in place of several neighbours, with the records of them that stay; `undefined` when none does. It covers
 * the offsets that they covered, so that a reader goes on after it as it would have after them. Identities are left out.
 */
export function rewrite(remainders: readonly Remainder[]): Buffer | undefined {
  const first = remainders[0]!.batch
  const last = remainders.at(-1)!.batch
  const records = remainders.flatMap(({ batch, kept }) =>
    kept.map((record) => ({ record, bytes: batch.stored(record.offset)! })),
  )
  if (records.length === 0) return undefined
  const recordsLength = records.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const made = Buffer.alloc(headerBytes + recordsLength)
  let position = headerBytes
  let maxTimestamp = Number.NEGATIVE_INFINITY
  for (const { record, bytes } of records) {
    bytes.copy(made, position)
    made.writeUInt32LE(record.offset - first.baseOffset, position)
    maxTimestamp = Math.max(maxTimestamp, record.timestamp)
    position += bytes.length
  }
  made.writeUInt32LE(batchMagic, at.magic)
  made.writeUInt8(batchVersion, at.version)
  made.writeUInt32LE(crc32(made.subarray(headerBytes)), at.recordsCrc)
  made.writeDoubleLE(first.baseOffset, at.baseOffset)
  made.writeDoubleLE(last.appendedAt, at.appendedAt)
  made.writeDoubleLE(maxTimestamp, at.maxTimestamp)
  made.writeDoubleLE(last.highTimestamp, at.highTimestamp)
  made.writeUInt32LE(records.length, at.count)
  made.writeUInt32LE(last.nextOffset - 1 - first.baseOffset, at.lastDelta)
  made.writeUInt32LE(recordsLength, at.recordsLength)
  made.writeUInt32LE(crc32(made.subarray(at.recordsCrc, headerBytes)), at.headerCrc)
  return made
}
