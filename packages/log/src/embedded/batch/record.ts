import type { Bytes, Header, LogRecord } from '@heddle/core'
import { recordHeadBytes } from './format.ts'
import { readName } from './header-names.ts'

/** A record in the bytes of its batch; what it holds is decoded when it is asked for. */
export class StoredRecord implements LogRecord {
  readonly offset: number
  readonly timestamp: number
  private readonly bytes: Buffer
  private readonly start: number

  /** @param start Where the record begins in `bytes`, which are never changed after. */
  constructor(offset: number, bytes: Buffer, start: number) {
    this.offset = offset
    this.timestamp = bytes.readDoubleLE(start + 4)
    this.bytes = bytes
    this.start = start
  }

  get key(): Bytes | null {
    const length = this.bytes.readInt32LE(this.start + 12)
    if (length < 0) return null
    const begin = this.start + recordHeadBytes
    return this.bytes.subarray(begin, begin + length)
  }

  get value(): Bytes | null {
    const length = this.bytes.readInt32LE(this.start + 16)
    if (length < 0) return null
    const begin = this.start + recordHeadBytes + Math.max(0, this.bytes.readInt32LE(this.start + 12))
    return this.bytes.subarray(begin, begin + length)
  }

  get headers(): readonly Header[] {
    const headers: Header[] = []
    const { bytes } = this
    let position = this.headersStart
    const end = position + bytes.readUInt32LE(this.start + 20)
    while (position < end) {
      const nameLength = bytes.readUInt16LE(position)
      const valueLength = bytes.readUInt32LE(position + 2)
      const valueStart = position + 6 + nameLength
      headers.push([
        readName(bytes, position + 6, nameLength),
        bytes.subarray(valueStart, valueStart + valueLength),
      ])
      position = valueStart + valueLength
    }
    return headers
  }

  private get headersStart(): number {
    const { bytes, start } = this
    return (
      start +
      recordHeadBytes +
      Math.max(0, bytes.readInt32LE(start + 12)) +
      Math.max(0, bytes.readInt32LE(start + 16))
    )
  }
}

/** Bytes of the record that begins at `start`. */
export function recordLength(bytes: Buffer, start: number): number {
  return (
    recordHeadBytes +
    Math.max(0, bytes.readInt32LE(start + 12)) +
    Math.max(0, bytes.readInt32LE(start + 16)) +
    bytes.readUInt32LE(start + 20)
  )
}
