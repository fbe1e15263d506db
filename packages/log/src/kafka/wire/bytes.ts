/**
 * Numbers and texts as Kafka writes them. https://kafka.apache.org/protocol#protocol_types
 *
 * ```
 * int8, int16, int32, int64 = big-endian, two's complement
 * uvarint                   = 7 bits a byte, lowest first, the top bit set on all but the last
 * varint, varlong           = uvarint of the zigzag form: 0, -1, 1, -2, 2 … as 0, 1, 2, 3, 4 …
 * compact string, bytes     = uvarint of the length + 1 (0 is null), then the bytes
 * tags                      = uvarint of how many, each: uvarint tag, uvarint length, bytes
 * ```
 *
 * @module
 */

/** How many bytes a uvarint takes; `value` is below 2^53. */
export function uvarintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7) size++
  return size
}

/** Zigzag in the range of exact numbers: |value| below 2^52. */
export const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1)

/** Writes into a buffer that grows. What was written stays valid only until the next write; `take` copies nothing. */
export class ByteWriter {
  buffer: Buffer
  length = 0

  constructor(size = 256) {
    this.buffer = Buffer.allocUnsafeSlow(size)
  }

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
  }

  int8(value: number): this {
    this.reserve(1)
    this.buffer[this.length++] = value & 0xff
    return this
  }

  int16(value: number): this {
    this.reserve(2)
    this.length = this.buffer.writeInt16BE(value, this.length)
    return this
  }

  int32(value: number): this {
    this.reserve(4)
    this.length = this.buffer.writeInt32BE(value, this.length)
    return this
  }

  /** A 64-bit integer; `value` is exact as a number. */
  int64(value: number): this {
    this.reserve(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.length = this.buffer.writeInt32BE(high, this.length)
    this.length = this.buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.length)
    return this
  }

  bigint64(value: bigint): this {
    this.reserve(8)
    this.length = this.buffer.writeBigInt64BE(value, this.length)
    return this
  }

  uvarint(value: number): this {
    this.reserve(9)
    let rest = value
    while (rest > 0x7fffffff) {
      this.buffer[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      this.buffer[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.buffer[this.length++] = rest
    return this
  }

  varint(value: number): this {
    return this.uvarint(zigzag(value))
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** The UTF-8 bytes of a text whose length in bytes is known. */
  utf8(text: string, bytes: number): this {
    this.reserve(bytes)
    this.buffer.write(text, this.length, bytes, bytes === text.length ? 'latin1' : 'utf8')
    this.length += bytes
    return this
  }

  compactString(text: string | null): this {
    if (text === null) return this.uvarint(0)
    const bytes = Buffer.byteLength(text)
    return this.uvarint(bytes + 1).utf8(text, bytes)
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1)
    for (const item of items) write(item)
    return this
  }

  /** No tagged fields. */
  noTags(): this {
    return this.uvarint(0)
  }

  /** What was written; the writer must not be used after it. */
  take(): Buffer {
    return this.buffer.subarray(0, this.length)
  }
}

/** Reads from a buffer; beyond its end it throws a RangeError. */
export class ByteReader {
  readonly buffer: Buffer
  at: number

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer
    this.at = at
  }

  get left(): number {
    return this.buffer.length - this.at
  }

  int8(): number {
    return this.buffer.readInt8(this.#skip(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#skip(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#skip(4))
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#skip(4))
  }

  /** A 64-bit integer as a number: offsets and timestamps stay below 2^53. */
  int64(): number {
    return this.int32() * 0x1_0000_0000 + this.uint32()
  }

  bigint64(): bigint {
    return this.buffer.readBigInt64BE(this.#skip(8))
  }

  uvarint(): number {
    const { buffer } = this
    let byte = buffer[this.at++]!
    if (byte < 128) return byte
    let value = byte & 127
    let factor = 128
    for (let i = 0; i < 9; i++) {
      if (this.at >= buffer.length) throw new RangeError('a number ends too early')
      byte = buffer[this.at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new RangeError('a number is too long')
  }

  varint(): number {
    const value = this.uvarint()
    if (value <= 0x7fffffff) return (value >>> 1) ^ -(value & 1)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Bytes as a part of the buffer: nothing is copied. */
  raw(length: number): Buffer {
    const from = this.#skip(length)
    return this.buffer.subarray(from, this.at)
  }

  compactString(): string | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.raw(length).toString('utf8')
  }

  compactBytes(): Buffer | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.raw(length)
  }

  compactArray<T>(read: () => T): T[] {
    const count = this.uvarint() - 1
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  /** Skips tagged fields. */
  tags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint()
      this.#skip(this.uvarint())
    }
  }

  #skip(bytes: number): number {
    const from = this.at
    if (bytes < 0 || from + bytes > this.buffer.length)
      throw new RangeError(`${bytes} bytes at ${from} are not there`)
    this.at = from + bytes
    return from
  }
}
