import type { RecordInput } from '@heddle/core'
import { Reader, readRecordsBatch } from '@platformatic/kafka'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Compression } from '../options.ts'
import { BatchBuilder, BatchDamage, decodeBatches, stampBatch } from './record-batch.ts'

const content = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }))
const record = fc.record({
  key: fc.option(content, { nil: null }),
  value: fc.option(content, { nil: null }),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 40 }), content), { maxLength: 4 }),
  timestamp: fc.nat({ max: 2 ** 45 }),
})
const compression = fc.constantFrom<Compression>('none', 'zstd', 'lz4', 'gzip', 'snappy')
const bytesOf = (value: Uint8Array | string | null | undefined): Buffer | null =>
  value == null ? null : Buffer.from(value as string)

function batchOf(
  records: readonly RecordInput[],
  how: Compression,
  baseOffset: number,
  transactional = false,
  id = 7n,
): Buffer {
  const builder = new BatchBuilder()
  for (const one of records) builder.add(one, 0)
  const batch = builder.finish(how, transactional)
  stampBatch(batch, { id, epoch: 3 }, 11)
  // The broker writes the offset, which the checksum does not cover.
  batch.writeBigInt64BE(BigInt(baseOffset))
  return batch
}

describe('record batches', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        compression,
        fc.nat({ max: 2 ** 40 }),
        (records, how, base) => {
          const { records: read, nextOffset } = decodeBatches(batchOf(records, how, base), base, [], Infinity)
          expect(nextOffset).toBe(base + records.length)
          expect(read.map(({ offset, timestamp }) => [offset, timestamp])).toEqual(
            records.map(({ timestamp }, i) => [base + i, timestamp]),
          )
          for (const [i, { key, value, headers }] of records.entries()) {
            expect(read[i]!.key).toEqual(bytesOf(key))
            expect(read[i]!.value).toEqual(bytesOf(value))
            expect(read[i]!.headers).toEqual(
              headers.map(([name, header]) => [Buffer.from(name).toString(), bytesOf(header)]),
            )
          }
        },
      ),
    )
  })

  it('take records up to the limit, and any single one', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        fc.nat({ max: 4_000 }),
        (records, limit) => {
          let builder = new BatchBuilder()
          for (const one of records) {
            const { bytes, count } = builder
            const alone = new BatchBuilder()
            alone.add(one, 0, 0)
            const added = builder.add(one, 0, limit)
            expect(builder.count).toBe(added ? count + 1 : count)
            // Its deltas take some bytes more in a batch with others.
            const together = bytes + alone.bytes - new BatchBuilder().bytes
            expect(added ? count === 0 || builder.bytes <= limit : together + 16 > limit).toBe(true)
            if (!added) builder = alone
          }
        },
      ),
    )
  })

  it('are read by another client as they were meant', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 10 }), compression, (records, how) => {
        const batch = readRecordsBatch(Reader.from(batchOf(records, how, 5)))
        expect([batch.firstOffset, batch.producerId, batch.producerEpoch, batch.firstSequence]).toEqual([
          5n,
          7n,
          3,
          11,
        ])
        expect(batch.records.map(({ key, value }) => [key, value])).toEqual(
          records.map(({ key, value }) => [bytesOf(key), bytesOf(value)]),
        )
      }),
    )
  })

  it('are given from the offset on, up to the limit, and without what was cut off', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 8 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat({ max: 40 }),
        (count, skip, limit, cut) => {
          const records = Array.from({ length: count }, (_, i) => ({ value: String(i) }))
          const first = batchOf(records, 'none', 100)
          const second = batchOf(records, 'none', 100 + count)
          const bytes = Buffer.concat([first, second.subarray(0, Math.max(0, second.length - 1 - cut))])
          const from = 100 + Math.min(skip, count - 1)
          const { records: read, nextOffset } = decodeBatches(bytes, from, [], limit)
          const wanted = Array.from({ length: 100 + count - from }, (_, i) => from + i).slice(0, limit)
          expect(read.map(({ offset }) => offset)).toEqual(wanted)
          expect(nextOffset).toBe(wanted.at(-1)! + 1)
        },
      ),
    )
  })

  it('of aborted transactions are left out', () => {
    const one = [{ value: 'x' }]
    const bytes = Buffer.concat([
      batchOf(one, 'none', 0, true, 1n),
      batchOf(one, 'none', 1, true, 2n),
      batchOf(one, 'none', 2, false, 1n),
    ])
    const { records, nextOffset } = decodeBatches(bytes, 0, [{ producerId: 1n, firstOffset: 0 }], Infinity)
    expect(records.map(({ offset }) => offset)).toEqual([1, 2])
    expect(nextOffset).toBe(3)
  })

  it('that are damaged say so, or end what is read', () => {
    const good = batchOf([{ value: 'good' }], 'none', 0)
    const bad = batchOf([{ value: 'bad' }], 'none', 1)
    bad[bad.length - 2]! ^= 1
    expect(() => decodeBatches(bad, 1, [], Infinity)).toThrow(BatchDamage)
    expect(decodeBatches(Buffer.concat([good, bad]), 0, [], Infinity).nextOffset).toBe(1)
  })
})
