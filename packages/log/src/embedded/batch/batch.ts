/**
 * A stored batch, read.
 *
 * @module
 */
import { crc32 } from 'node:zlib'
import { at, batchMagic, batchVersion, headerBytes } from './format.ts'
import { StoredRecord, type Viewed, recordLength, viewed } from './record.ts'

/** What is wrong with the bytes of a batch. */
export class BatchDamage extends Error {
  override readonly name = 'BatchDamage'
}

/** A batch whose checksums were found right. */
export class Batch {
  readonly baseOffset: number
  /** Offset of the first record that comes after this batch. */
  readonly nextOffset: number
  readonly appendedAt: number
  readonly maxTimestamp: number
  readonly highTimestamp: number
  readonly count: number
  readonly bytes: Buffer
  readonly #viewed: Viewed
  readonly #recordsEnd: number

  private constructor(bytes: Buffer) {
    this.bytes = bytes
    this.#viewed = viewed(bytes)
    this.baseOffset = bytes.readDoubleLE(at.baseOffset)
    this.nextOffset = this.baseOffset + bytes.readUInt32LE(at.lastDelta) + 1
    this.appendedAt = bytes.readDoubleLE(at.appendedAt)
    this.maxTimestamp = bytes.readDoubleLE(at.maxTimestamp)
    this.highTimestamp = bytes.readDoubleLE(at.highTimestamp)
    this.count = bytes.readUInt32LE(at.count)
    this.#recordsEnd = headerBytes + bytes.readUInt32LE(at.recordsLength)
  }

  /**
   * Reads a batch and checks its sums. It keeps `bytes`, which nobody may change after.
   * @throws BatchDamage
   */
  static read(bytes: Buffer): Batch {
    if (bytes.length < headerBytes) throw new BatchDamage(`${bytes.length} bytes are less than a header`)
    if (bytes.readUInt32LE(at.magic) !== batchMagic) throw new BatchDamage('it does not begin with HDLB')
    const version = bytes.readUInt8(at.version)
    if (version !== batchVersion)
      throw new BatchDamage(`its format is ${version}, and this version reads ${batchVersion}`)
    const recordsEnd = headerBytes + bytes.readUInt32LE(at.recordsLength)
    if (recordsEnd + bytes.readUInt32LE(at.identityLength) !== bytes.length)
      throw new BatchDamage('its lengths do not add up')
    const sum = crc32(bytes.subarray(recordsEnd), crc32(bytes.subarray(at.recordsCrc, headerBytes)))
    if (sum !== bytes.readUInt32LE(at.headerCrc)) throw new BatchDamage('the checksum of its header is wrong')
    if (crc32(bytes.subarray(headerBytes, recordsEnd)) !== bytes.readUInt32LE(at.recordsCrc))
      throw new BatchDamage('the checksum of its records is wrong')
    return new Batch(bytes)
  }

  /** Whether it was appended to be deduplicated. */
  get identified(): boolean {
    return this.#recordsEnd < this.bytes.length
  }

  /** Records from `offset` on, appended to `into`, until it holds `limit`. @returns the bytes of the records. */
  collect(offset: number, limit: number, into: StoredRecord[]): number {
    const { baseOffset } = this
    const batch = this.#viewed
    const { view } = batch
    const end = this.#recordsEnd
    let taken = 0
    let position = headerBytes
    while (position < end && into.length < limit) {
      const length = recordLength(view, position)
      const at = baseOffset + view.getUint32(position, true)
      if (at >= offset) {
        into.push(new StoredRecord(at, batch, position))
        taken += length
      }
      position += length
    }
    return taken
  }

  /** All records. */
  records(): StoredRecord[] {
    const records: StoredRecord[] = []
    this.collect(0, Number.POSITIVE_INFINITY, records)
    return records
  }

  /** Calls `visit` with each record's offset and the two halves of its identity's hash, where it has one. */
  eachIdentity(visit: (offset: number, high: number, low: number) => void): void {
    const { view } = this.#viewed
    let identity = this.#recordsEnd
    if (identity === this.bytes.length) return
    for (let position = headerBytes; position < this.#recordsEnd; position += recordLength(view, position)) {
      const high = view.getUint32(identity, true)
      const low = view.getUint32(identity + 4, true)
      if (low !== 0) visit(this.baseOffset + view.getUint32(position, true), high, low)
      identity += 8
    }
  }

  /** The record with that offset as it is stored, or `undefined` when compaction took it out. */
  stored(offset: number): Buffer | undefined {
    const { bytes, view } = this.#viewed
    const wanted = offset - this.baseOffset
    for (let position = headerBytes; position < this.#recordsEnd;) {
      const length = recordLength(view, position)
      if (view.getUint32(position, true) === wanted) return bytes.subarray(position, position + length)
      position += length
    }
    return undefined
  }
}

/** Source and id of a record as it is stored, joined; `undefined` when it lacks one. */
export function storedIdentity(record: Buffer): string | undefined {
  let source: string | undefined
  let id: string | undefined
  for (const [name, value] of new StoredRecord(0, viewed(record), 0).headers) {
    if (name === 'ce_id') id = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
    else if (name === 'ce_source')
      source = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
  }
  return source === undefined || id === undefined ? undefined : `${source}\n${id}`
}
