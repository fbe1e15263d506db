import type { Bytes, Header, LogRecord } from '@heddle/core'
import { recordHeadBytes } from './format.ts'
import { readName } from './header-names.ts'

/** Bytes, and the view through which numbers are read from them: a good deal faster than Buffer's own methods. */
export interface Viewed {
  readonly bytes: Buffer
  readonly view: DataView
}

export const viewed = (bytes: Buffer): Viewed => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
})

/** A record in the bytes of its batch; what it holds is decoded when it is asked for. */
export class StoredRecord implements LogRecord {
  readonly offset: number
  private readonly batch: Viewed
  private readonly start: number

  /** @param start Where the record begins in the batch, which is never changed after. */
  constructor(offset: number, batch: Viewed, start: number) {
    this.offset = offset
    this.batch = batch
    this.start = start
  }

  get timestamp(): number {
    return this.batch.view.getFloat64(this.start + 4, true)
  }

  get key(): Bytes | null {
    const length = this.batch.view.getInt32(this.start + 12, true)
    if (length < 0) return null
    const begin = this.start + recordHeadBytes
    return this.batch.bytes.subarray(begin, begin + length)
  }

  get value(): Bytes | null {
    const { bytes, view } = this.batch
    const length = view.getInt32(this.start + 16, true)
    if (length < 0) return null
    const begin = this.start + recordHeadBytes + Math.max(0, view.getInt32(this.start + 12, true))
    return bytes.subarray(begin, begin + length)
  }

  get headers(): readonly Header[] {
    const headers: Header[] = []
    const { bytes, view } = this.batch
    const end = this.start + recordLength(view, this.start)
    let position = end - view.getUint32(this.start + 20, true)
    while (position < end) {
      const nameLength = view.getUint16(position, true)
      const valueLength = view.getUint32(position + 2, true)
      const valueStart = position + 6 + nameLength
      headers.push([
        readName(bytes, position + 6, nameLength),
        bytes.subarray(valueStart, valueStart + valueLength),
      ])
      position = valueStart + valueLength
    }
    return headers
  }
}

/** Bytes of the record that begins at `start`. */
export function recordLength(view: DataView, start: number): number {
  return (
    recordHeadBytes +
    Math.max(0, view.getInt32(start + 12, true)) +
    Math.max(0, view.getInt32(start + 16, true)) +
    view.getUint32(start + 20, true)
  )
}
