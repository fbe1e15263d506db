import { expect, test } from 'vitest'
import { Batch, BatchDamage } from './batch.ts'
import { BufferPool } from './buffer-pool.ts'
import { BatchBuilder } from './builder.ts'

const pool = new BufferPool(2 ** 20)

/** Two records at offset 5, the first with an identity. */
function built(): Buffer {
  const builder = new BatchBuilder(pool)
  const headers = [
    ['ce_source', 's'],
    ['ce_id', 'i'],
  ] as const
  builder.add({ key: 'k', value: 'v', headers, timestamp: 1000 }, 2000, true)
  builder.add({ value: null }, 2000, true)
  return Buffer.from(builder.finish(5, 3000, 2500).bytes)
}

test('a batch is stored in these bytes', () => {
  expect(
    built()
      .toString('hex')
      .match(/.{1,64}/g),
  ).toMatchInlineSnapshot(`
    [
      "48444c42010000000c3c7c47e658a2b70000000000001440000000000070a740",
      "0000000000409f40000000000088a34002000000010000004e00000010000000",
      "000000000000000000408f4001000000010000001c0000006b76090001000000",
      "63655f736f757263657305000100000063655f69646901000000000000000040",
      "9f40ffffffffffffffff000000001babde14bd0431ef0000000000000000",
    ]
  `)
})

test('a batch tells what it holds', () => {
  const batch = Batch.read(built())
  expect(batch).toMatchObject({
    baseOffset: 5,
    nextOffset: 7,
    appendedAt: 3000,
    maxTimestamp: 2000,
    highTimestamp: 2500,
    count: 2,
    identified: true,
  })
  expect(batch.records().map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
    [5, 1000],
    [6, 2000],
  ])
})

test('whichever bit is flipped, it is noticed', () => {
  const bytes = built()
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    // The two bytes after the version say nothing yet.
    if (bit >= 8 * 5 && bit < 8 * 8) continue
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => Batch.read(damaged), `bit ${bit}`).toThrow(BatchDamage)
  }
})

test('a batch that was cut is noticed', () => {
  const bytes = built()
  for (let length = 0; length < bytes.length; length++)
    expect(() => Batch.read(bytes.subarray(0, length)), `${length} bytes`).toThrow(BatchDamage)
})

test('a batch of a later format is not guessed at', () => {
  const bytes = built()
  bytes[4] = 2
  expect(() => Batch.read(bytes)).toThrow('its format is 2, and this version reads 1')
})

test('records taken back leave no trace', () => {
  const builder = new BatchBuilder(pool)
  builder.add({ value: 'a', timestamp: 10 }, 0, false)
  builder.add({ value: 'b', timestamp: 99 }, 0, false)
  builder.truncate(1)
  const only = new BatchBuilder(pool)
  only.add({ value: 'a', timestamp: 10 }, 0, false)
  expect(builder.finish(0, 1, 0).bytes).toEqual(only.finish(0, 1, 0).bytes)
})

test('what grows far beyond the first guess is kept whole', () => {
  const builder = new BatchBuilder(pool, 64)
  const value = 'x'.repeat(5000)
  builder.add({ key: 'before', value, headers: [['after', value]] }, 0, false)
  const [record] = Batch.read(Buffer.from(builder.finish(0, 0, 0).bytes)).records()
  expect(record!.key).toEqual(Buffer.from('before'))
  expect(record!.value).toEqual(Buffer.from(value))
  expect(record!.headers).toEqual([['after', Buffer.from(value)]])
  expect(builder.bytes).toBeGreaterThan(2 * value.length)
})
