import type { Bytes, Header, LogRecord, RecordInput } from '@heddle/core'
/**
 * Record batches, as Kafka keeps them on disk and sends them.
 * https://kafka.apache.org/documentation/#recordbatch
 *
 * ```
 * batch   = baseOffset int64, batchLength int32 (of all after it), partitionLeaderEpoch int32, magic int8 (2),
 *           crc uint32 (CRC-32C of all after it), attributes int16, lastOffsetDelta int32,
 *           baseTimestamp int64, maxTimestamp int64, producerId int64, producerEpoch int16, baseSequence int32,
 *           count int32, records           ; compressed as a whole where attributes say so
 * record  = length varint (of all after it), attributes int8 (0), timestampDelta varlong, offsetDelta varint,
 *           key, value, headers varint, header*
 * key, value = length varint (-1 is null), bytes
 * header  = length varint, UTF-8 name, length varint (-1 is null), bytes
 * attributes: bits 0–2 compression, bit 3 timestamps are of the broker, bit 4 transactional, bit 5 control
 * ```
 *
 * @module
 */
import { Writer, compressionsAlgorithms, compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka'
import type { Compression } from '../options.ts'
import { ByteReader, ByteWriter, uvarintSize, zigzag } from './bytes.ts'

/** What comes before the records. */
const batchOverhead = 61

const transactionalBit = 1 << 4
const controlBit = 1 << 5

/** Who writes: brokers drop a batch whose sequence they have seen from it. */
export interface ProducerIdentity {
  readonly id: bigint
  readonly epoch: number
}

const sizeOf = (content: Bytes | string | null | undefined): number =>
  content === null || content === undefined
    ? 0
    : typeof content === 'string'
      ? Buffer.byteLength(content)
      : content.length

/** Bytes of key, value and headers: what a topic's `maxRecordBytes` limits. */
export function contentBytes({ key, value, headers }: RecordInput): number {
  let bytes = sizeOf(key) + sizeOf(value)
  if (headers !== undefined) for (const [name, content] of headers) bytes += sizeOf(name) + sizeOf(content)
  return bytes
}

/** Characters of texts and bytes of the rest: at least a third of `contentBytes`, and at no cost. */
export function contentLength({ key, value, headers }: RecordInput): number {
  let length = (key?.length ?? 0) + (value?.length ?? 0)
  if (headers !== undefined) for (const [name, content] of headers) length += name.length + content.length
  return length
}

/** Gathers records into one batch. */
export class BatchBuilder {
  readonly #writer: ByteWriter
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = 0
  /** Of the headers of the record that is added. */
  readonly #names: Buffer[] = []
  readonly #sizes: number[] = []

  /** @param size How many bytes to make room for at once. */
  constructor(size = 4096) {
    this.#writer = new ByteWriter(Math.max(size, batchOverhead + 64))
    this.#writer.length = batchOverhead
  }

  get count(): number {
    return this.#count
  }

  /** Bytes so far, uncompressed. */
  get bytes(): number {
    return this.#writer.length
  }

  /**
   * Adds a record, unless it would make the batch larger than `limit` bytes; an empty batch takes any.
   * @returns false when it was left out.
   */
  add(
    { key, value, headers, timestamp }: RecordInput,
    now: number,
    limit = Number.POSITIVE_INFINITY,
  ): boolean {
    const writer = this.#writer
    const time = Math.trunc(timestamp ?? now)
    const timestampDelta = this.#count === 0 ? 0 : zigzag(time - this.#baseTimestamp)
    const offsetDelta = zigzag(this.#count)
    const keyBytes = key === null || key === undefined ? -1 : sizeOf(key)
    const valueBytes = value === null ? -1 : sizeOf(value)
    const count = headers?.length ?? 0
    let length =
      1 + uvarintSize(timestampDelta) + uvarintSize(offsetDelta) + fieldSize(keyBytes) + fieldSize(valueBytes)
    length += uvarintSize(zigzag(count))
    // Measuring a text costs as much as writing it, so each is measured once.
    const names = this.#names
    const sizes = this.#sizes
    for (let i = 0; i < count; i++) {
      const [name, content] = headers![i]!
      const nameBytes = (names[i] = encodedName(name))
      const size = (sizes[i] = sizeOf(content))
      length += fieldSize(nameBytes.length) + fieldSize(size)
    }
    if (this.#count > 0 && writer.length + uvarintSize(zigzag(length)) + length > limit) return false
    if (this.#count++ === 0) this.#baseTimestamp = this.#maxTimestamp = time
    else if (time > this.#maxTimestamp) this.#maxTimestamp = time
    writer.reserve(length + 9)
    writer.varint(length).int8(0).uvarint(timestampDelta).uvarint(offsetDelta)
    writeField(writer, key ?? null, keyBytes)
    writeField(writer, value, valueBytes)
    writer.varint(count)
    for (let i = 0; i < count; i++) {
      writeField(writer, names[i]!, names[i]!.length)
      writeField(writer, headers![i]![1], sizes[i]!)
    }
    return true
  }

  /** The batch, all but who writes it, which `stampBatch` adds. The builder is done with. */
  finish(compression: Compression, transactional: boolean): Buffer {
    const algorithm = compressionsAlgorithms[compression]
    let batch = this.#writer.take()
    if (algorithm.bitmask !== 0) {
      const records = algorithm.compressSync(batch.subarray(batchOverhead)) as Uint8Array
      const header = batch
      batch = Buffer.allocUnsafeSlow(batchOverhead + records.length)
      header.copy(batch, 0, 0, batchOverhead)
      batch.set(records, batchOverhead)
    }
    const header = new ByteWriter(0)
    header.buffer = batch
    header
      .int64(0)
      .int32(batch.length - 12)
      .int32(-1)
      .int8(2)
      .int32(0)
    header.int16(algorithm.bitmask | (transactional ? transactionalBit : 0)).int32(this.#count - 1)
    header.int64(this.#baseTimestamp).int64(this.#maxTimestamp)
    header.bigint64(-1n).int16(-1).int32(-1).int32(this.#count)
    return batch
  }
}

/** Header names as UTF-8: a program has few, and they come again with each record. */
const encodedNames = new Map<string, Buffer>()
const mostNames = 1_000

function encodedName(name: string): Buffer {
  let bytes = encodedNames.get(name)
  if (bytes === undefined) {
    bytes = Buffer.from(name)
    if (encodedNames.size < mostNames) encodedNames.set(name, bytes)
  }
  return bytes
}

const fieldSize = (bytes: number): number => (bytes < 0 ? 1 : uvarintSize(2 * bytes) + bytes)

function writeField(writer: ByteWriter, content: Bytes | string | null, bytes: number): void {
  writer.varint(bytes)
  if (typeof content === 'string') writer.utf8(content, bytes)
  else if (content !== null) writer.raw(content)
}

/** CRC-32C. The library copies a buffer before it sums it up, but not what one of its writers holds. */
const checksum = (bytes: Buffer): number => crc32c(Writer.create().append(bytes).dynamicBuffer) >>> 0

/** Writes into a batch who sends it and with which sequence, and its checksum. May be done again. */
export function stampBatch(batch: Buffer, { id, epoch }: ProducerIdentity, sequence: number): void {
  batch.writeBigInt64BE(id, 43)
  batch.writeInt16BE(epoch, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeUInt32BE(checksum(batch.subarray(21)), 17)
}

/** A producer whose transaction was aborted, and the offset of its first record. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** Where what a fetch gave for a partition was damaged. */
export class BatchDamage extends Error {
  readonly offset: number
  readonly nextOffset: number

  constructor(offset: number, nextOffset: number, message: string) {
    super(message)
    this.offset = offset
    this.nextOffset = nextOffset
  }
}

export interface Decoded {
  readonly records: KafkaRecord[]
  /** Past the last batch, or where the reading stopped. */
  readonly nextOffset: number
}

/**
 * Records from `offset` on in the batches that a broker sent: those of aborted transactions and control records are
 * left out, and so is a last batch that was cut off.
 *
 * @param limit At most so many records.
 * @throws BatchDamage when the first batch is damaged; a later one ends what is read.
 */
export function decodeBatches(
  buffer: Buffer,
  offset: number,
  aborted: readonly AbortedTransaction[],
  limit: number,
): Decoded {
  const reader = new ByteReader(buffer)
  const records: KafkaRecord[] = []
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const dropping = new Set<bigint>()
  let nextOffset = offset
  while (reader.left >= batchOverhead && records.length < limit) {
    const start = reader.at
    const baseOffset = reader.int64()
    const end = reader.at + 4 + reader.int32()
    if (end > buffer.length) break
    const lastOffset = baseOffset + buffer.readInt32BE(start + 23)
    // Nothing is given of a batch before the offset; it may still tell of transactions.
    const wanted = lastOffset >= offset
    try {
      if (wanted) checkBatch(buffer, start, end)
    } catch (error) {
      if (nextOffset > offset || records.length > 0) break
      throw new BatchDamage(baseOffset, Math.max(offset, lastOffset) + 1, (error as Error).message)
    }
    const attributes = buffer.readInt16BE(start + 21)
    const producerId = buffer.readBigInt64BE(start + 43)
    while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset)
      dropping.add(waiting.shift()!.producerId)
    reader.at = end
    if ((attributes & controlBit) !== 0) {
      // A control record ends the producer's transaction; type 0 of its key is an abort, which is no concern any more.
      if (isAbortMarker(buffer.subarray(start + batchOverhead, end))) dropping.delete(producerId)
    } else if (wanted && ((attributes & transactionalBit) === 0 || !dropping.has(producerId))) {
      if (!readRecords(buffer.subarray(start, end), attributes, baseOffset, offset, limit, records)) {
        nextOffset = records.at(-1)!.offset + 1
        break
      }
    }
    nextOffset = Math.max(nextOffset, lastOffset + 1)
  }
  return { records, nextOffset }
}

/** Past the last whole batch, by what the batches say of themselves: nothing is decoded. */
export function endOfBatches(buffer: Buffer, offset: number): number {
  let next = offset
  for (let at = 0; buffer.length - at >= batchOverhead;) {
    const end = at + 12 + buffer.readInt32BE(at + 8)
    if (end > buffer.length) break
    next = Math.max(next, Number(buffer.readBigInt64BE(at)) + buffer.readInt32BE(at + 23) + 1)
    at = end
  }
  return next
}

function checkBatch(buffer: Buffer, start: number, end: number): void {
  const magic = buffer.readInt8(start + 16)
  if (magic !== 2) throw new Error(`a batch has format ${magic}, and only 2 is known`)
  const wanted = buffer.readUInt32BE(start + 17)
  const is = checksum(buffer.subarray(start + 21, end))
  if (is !== wanted) throw new Error(`a batch has the checksum ${is}, and it says ${wanted}`)
}

/** Control records are never compressed: `version int16, type int16` in the key. */
function isAbortMarker(records: Buffer): boolean {
  const reader = new ByteReader(records)
  reader.varint()
  reader.int8()
  reader.varint()
  reader.varint()
  const keyLength = reader.varint()
  return keyLength >= 4 && records.readInt16BE(reader.at + 2) === 0
}

/** False when it stopped at the limit, with some of the batch left. */
function readRecords(
  batch: Buffer,
  attributes: number,
  baseOffset: number,
  from: number,
  limit: number,
  into: KafkaRecord[],
): boolean {
  const baseTimestamp = batch.readBigInt64BE(27)
  const appendTime = (attributes & 8) === 0 ? undefined : Number(batch.readBigInt64BE(35))
  const base = Number(baseTimestamp)
  const compression = attributes & 7
  const body =
    compression === 0 ? batch.subarray(batchOverhead) : decompress(compression, batch.subarray(batchOverhead))
  const reader = new ByteReader(body)
  for (let left = batch.readInt32BE(57); left > 0; left--) {
    const length = reader.varint()
    const end = reader.at + length
    reader.at++
    const timestamp = appendTime ?? base + reader.varint()
    if (appendTime !== undefined) reader.varint()
    const offset = baseOffset + reader.varint()
    if (offset >= from) {
      if (into.length >= limit) return false
      into.push(new KafkaRecord(offset, timestamp, body, reader.at))
    }
    reader.at = end
  }
  return true
}

function decompress(compression: number, bytes: Buffer): Buffer {
  const algorithm = compressionsAlgorithmsByBitmask[compression]
  if (algorithm === undefined) throw new Error(`compression ${compression} is not known`)
  const body = algorithm.decompressSync(bytes) as Uint8Array
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** A record in the bytes that were fetched; its parts are found when they are asked for. */
export class KafkaRecord implements LogRecord {
  readonly offset: number
  readonly timestamp: number
  readonly #body: Buffer
  /** Where the key's length stands. */
  readonly #at: number
  #headers: readonly Header[] | undefined

  constructor(offset: number, timestamp: number, body: Buffer, at: number) {
    this.offset = offset
    this.timestamp = timestamp
    this.#body = body
    this.#at = at
  }

  get key(): Bytes | null {
    return field(new ByteReader(this.#body, this.#at))
  }

  get value(): Bytes | null {
    const reader = new ByteReader(this.#body, this.#at)
    skipField(reader)
    return field(reader)
  }

  get headers(): readonly Header[] {
    return (this.#headers ??= this.#readHeaders())
  }

  #readHeaders(): readonly Header[] {
    const reader = new ByteReader(this.#body, this.#at)
    skipField(reader)
    skipField(reader)
    const headers: Header[] = []
    for (let left = reader.varint(); left > 0; left--) {
      const name = headerName(reader.raw(reader.varint()))
      headers.push([name, field(reader) ?? none])
    }
    return headers
  }

  /** Bytes that it takes in its batch, about. */
  get bytes(): number {
    const reader = new ByteReader(this.#body, this.#at)
    skipField(reader)
    skipField(reader)
    for (let left = reader.varint(); left > 0; left--) {
      skipField(reader)
      skipField(reader)
    }
    return reader.at - this.#at
  }
}

const none = new Uint8Array(0)

function field(reader: ByteReader): Buffer | null {
  const length = reader.varint()
  return length < 0 ? null : reader.raw(length)
}

function skipField(reader: ByteReader): void {
  const length = reader.varint()
  if (length > 0) reader.at += length
}

/** Header names come again with each record: those of one first byte and length are remembered and compared. */
const names = new Map<number, { readonly bytes: Buffer; readonly name: string }>()

function headerName(bytes: Buffer): string {
  if (bytes.length === 0) return ''
  const slot = (bytes.length << 8) | bytes[bytes.length - 1]!
  const known = names.get(slot)
  if (known?.bytes.equals(bytes) === true) return known.name
  const name = bytes.toString('utf8')
  if (bytes.length <= 64) names.set(slot, { bytes: Buffer.from(bytes), name })
  return name
}
