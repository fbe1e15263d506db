import type { RecordInput } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Batch } from './batch.ts'
import { BufferPool } from './buffer-pool.ts'
import { BatchBuilder } from './builder.ts'
import { rewrite } from './rewrite.ts'

const pool = new BufferPool(2 ** 20)
const content = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.uint8Array({ maxLength: 80 }))
const record: fc.Arbitrary<RecordInput> = fc.record(
  {
    key: fc.option(content),
    value: fc.option(content),
    headers: fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), content), { maxLength: 4 }),
    timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  },
  { requiredKeys: ['value'] },
)
const asBytes = (value: Uint8Array | string | null | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value as string)
const plain = (input: RecordInput, offset: number) => ({
  offset,
  timestamp: input.timestamp ?? 7,
  key: asBytes(input.key),
  value: asBytes(input.value),
  // A name is text, and text with half a surrogate pair is not UTF-8: it comes back as the replacement character.
  headers: (input.headers ?? []).map(([name, value]) => [Buffer.from(name).toString(), asBytes(value)]),
})
const shown = (batch: Batch) =>
  batch
    .records()
    .map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key, value, headers }))

test('what is built is read, with any of it taken out first', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 20 }), (records) => {
      const builder = new BatchBuilder(pool)
      for (const [input] of records) builder.add(input, 7, false)
      builder.remove(records.flatMap(([, removed], index) => (removed ? [index] : [])))
      const left = records.filter(([, removed]) => !removed).map(([input]) => input)
      const found = left.length > 0 ? shown(Batch.read(Buffer.from(builder.finish(100, 7, 0).bytes))) : []
      expect(found).toEqual(left.map((input, index) => plain(input, 100 + index)))
      expect(builder.count).toBe(left.length)
      builder.release()
    }),
  )
})

test('batches written anew as one hold what was kept, at its offsets, and cover the same offsets', () => {
  const batches = fc.array(fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(batches, (sets) => {
      let next = 50
      const remainders = sets.map((records) => {
        const builder = new BatchBuilder(pool)
        for (const [input] of records) builder.add(input, 7, false)
        const batch = Batch.read(Buffer.from(builder.finish(next, 7, 0).bytes))
        next = batch.nextOffset
        return { batch, kept: batch.records().filter((_, index) => records[index]![1]) }
      })
      const made = rewrite(remainders)
      const wanted = sets.flat().flatMap(([input, kept], index) => (kept ? [plain(input, 50 + index)] : []))
      const batch = made === undefined ? undefined : Batch.read(made)
      expect(batch === undefined ? [] : shown(batch)).toEqual(wanted)
      expect([batch?.baseOffset ?? 50, batch?.nextOffset ?? next]).toEqual([50, next])
    }),
  )
})
