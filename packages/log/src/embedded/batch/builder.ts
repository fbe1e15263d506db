/**
 * Builds one batch in memory: records are written into it as they are appended, and its offsets are filled in when it
 * is committed.
 *
 * @module
 */
import { crc32 } from 'node:zlib'
import type { Bytes, RecordInput } from '@heddle/core'
import type { BufferPool } from './buffer-pool.ts'
import { at, batchMagic, batchVersion, headerBytes, identityBytes, recordHeadBytes } from './format.ts'
import { hashIdentity } from './identity-hash.ts'

/** Room for a handful of small records; it grows from there. */
const initialBytes = 4096

/** Up to here writing in JavaScript is faster than calling out of it. */
const shortText = 32

export class BatchBuilder {
  readonly #pool: BufferPool
  #buffer: Buffer
  #view: DataView
  #end = headerBytes
  #maxTimestamp = Number.NEGATIVE_INFINITY
  /** Where each record starts in the buffer. */
  #starts: number[] = []
  /** Two 32-bit hashes for each record; 0, 0 where there is no identity to deduplicate by. */
  #identities: number[] = []
  #identified = false
  #recordsCrc: number | undefined

  /** @param expectedBytes About how much will be written: the right guess saves copying as it grows. */
  constructor(pool: BufferPool, expectedBytes = initialBytes) {
    this.#pool = pool
    this.#buffer = pool.take(expectedBytes)
    this.#view = viewOf(this.#buffer)
  }

  get count(): number {
    return this.#starts.length
  }

  /** Bytes of the records so far. */
  get bytes(): number {
    return this.#end - headerBytes
  }

  /** Whether any record was written to be deduplicated. */
  get identified(): boolean {
    return this.#identified
  }

  /** Hash of a record's identity; 0, 0 where there is none. */
  identityHigh(index: number): number {
    return this.#identities[2 * index]!
  }

  identityLow(index: number): number {
    return this.#identities[2 * index + 1]!
  }

  /** A record as it is stored. Only valid until the next change. */
  record(index: number): Buffer {
    return this.#buffer.subarray(this.#starts[index], this.#starts[index + 1] ?? this.#end)
  }

  /** Appends a record, with the hash of its identity if `dedupe` is set. @returns the bytes of key, value and headers. */
  add(input: RecordInput, now: number, dedupe: boolean): number {
    const { key, value, headers } = input
    const start = this.#end
    let end = start + recordHeadBytes
    this.#reserve(end)

    let keyLength = -1
    if (key !== null && key !== undefined) {
      keyLength = this.#write(key, end)
      end += keyLength
    }
    let valueLength = -1
    if (value !== null) {
      valueLength = this.#write(value, end)
      end += valueLength
    }

    const headersStart = end
    let sourceStart = -1
    let sourceEnd = -1
    let idStart = -1
    let idEnd = -1
    if (headers !== undefined)
      for (let i = 0; i < headers.length; i++) {
        const header = headers[i]!
        const name = header[0]
        const nameStart = end + 6
        const nameLength = this.#write(name, nameStart)
        const contentStart = nameStart + nameLength
        const contentLength = this.#write(header[1], contentStart)
        this.#view.setUint16(end, nameLength, true)
        this.#view.setUint32(end + 2, contentLength, true)
        end = contentStart + contentLength
        if (!dedupe) continue
        if (name === 'ce_id') {
          idStart = contentStart
          idEnd = end
        } else if (name === 'ce_source') {
          sourceStart = contentStart
          sourceEnd = end
        }
      }

    const view = this.#view
    const timestamp = input.timestamp ?? now
    view.setUint32(start, this.#starts.length, true)
    view.setFloat64(start + 4, timestamp, true)
    view.setInt32(start + 12, keyLength, true)
    view.setInt32(start + 16, valueLength, true)
    view.setUint32(start + 20, end - headersStart, true)

    if (idStart >= 0 && sourceStart >= 0) {
      const [high, low] = hashIdentity(this.#buffer, sourceStart, sourceEnd, idStart, idEnd)
      this.#identities.push(high, low)
      this.#identified = true
    } else this.#identities.push(0, 0)
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    this.#starts.push(start)
    this.#recordsCrc = undefined
    this.#end = end
    return end - start - recordHeadBytes
  }

  /** Takes back all records from the index `count` on. */
  truncate(count: number): void {
    if (count >= this.#starts.length) return
    this.#end = this.#starts[count]!
    this.#starts.length = count
    this.#identities.length = 2 * count
    this.#changed()
  }

  /** Takes out the records whose index is among `indices`, which ascend; those after them move up. */
  remove(indices: readonly number[]): void {
    const starts: number[] = []
    const identities: number[] = []
    let end = headerBytes
    let next = 0
    for (let index = 0; index < this.#starts.length; index++) {
      if (indices[next] === index) {
        next++
        continue
      }
      const from = this.#starts[index]!
      const to = this.#starts[index + 1] ?? this.#end
      this.#buffer.copyWithin(end, from, to)
      this.#view.setUint32(end, starts.length, true)
      identities.push(this.#identities[2 * index]!, this.#identities[2 * index + 1]!)
      starts.push(end)
      end += to - from
    }
    this.#starts = starts
    this.#identities = identities
    this.#end = end
    this.#changed()
  }

  /** Sums the records up. Done early where the disk is busy with the batch before, it costs nothing. */
  seal(): void {
    this.#recordsCrc ??= crc32(this.#buffer.subarray(headerBytes, this.#end))
  }

  /** The batch as it is stored, valid until the next change or `release`. It must hold a record. */
  finish(baseOffset: number, appendedAt: number, highTimestamp: number): FinishedBatch {
    this.seal()
    const identityLength = this.#identified ? this.#starts.length * identityBytes : 0
    const length = this.#end + identityLength
    this.#reserve(length)
    const view = this.#view
    const high = Math.max(highTimestamp, this.#maxTimestamp)
    view.setUint32(at.magic, batchMagic, true)
    view.setUint32(at.version, batchVersion, true)
    view.setUint32(at.recordsCrc, this.#recordsCrc!, true)
    view.setFloat64(at.baseOffset, baseOffset, true)
    view.setFloat64(at.appendedAt, appendedAt, true)
    view.setFloat64(at.maxTimestamp, this.#maxTimestamp, true)
    view.setFloat64(at.highTimestamp, high, true)
    view.setUint32(at.count, this.#starts.length, true)
    view.setUint32(at.lastDelta, this.#starts.length - 1, true)
    view.setUint32(at.recordsLength, this.#end - headerBytes, true)
    view.setUint32(at.identityLength, identityLength, true)
    for (let i = 0; 4 * i < identityLength; i++) view.setUint32(this.#end + 4 * i, this.#identities[i]!, true)
    const crc = crc32(this.#buffer.subarray(at.recordsCrc, headerBytes))
    view.setUint32(at.headerCrc, crc32(this.#buffer.subarray(this.#end, length), crc), true)
    return { bytes: this.#buffer.subarray(0, length), highTimestamp: high }
  }

  /** Gives the memory back; the builder is not used any more. */
  release(): void {
    this.#pool.give(this.#buffer)
  }

  #changed(): void {
    this.#recordsCrc = undefined
    this.#maxTimestamp = Number.NEGATIVE_INFINITY
    for (const start of this.#starts)
      this.#maxTimestamp = Math.max(this.#maxTimestamp, this.#view.getFloat64(start + 4, true))
  }

  #write(content: Bytes | string, start: number): number {
    const { length } = content
    if (typeof content !== 'string') {
      this.#reserve(start + length)
      this.#buffer.set(content, start)
      return length
    }
    this.#reserve(start + 3 * length)
    const buffer = this.#buffer
    if (length <= shortText) {
      let i = 0
      for (; i < length; i++) {
        const unit = content.charCodeAt(i)
        if (unit > 0x7f) break
        buffer[start + i] = unit
      }
      if (i === length) return length
    }
    return buffer.write(content, start, 'utf8')
  }

  #reserve(end: number): void {
    if (end <= this.#buffer.length) return
    const larger = this.#pool.take(end)
    this.#buffer.copy(larger)
    this.#pool.give(this.#buffer)
    this.#buffer = larger
    this.#view = viewOf(larger)
  }
}

export interface FinishedBatch {
  readonly bytes: Buffer
  /** Newest timestamp of the partition, this batch included. */
  readonly highTimestamp: number
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
