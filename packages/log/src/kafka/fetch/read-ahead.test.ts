import { ManualClock } from '@heddle/core'
import { describe, expect, it } from 'vitest'
import type { FetchedPartition } from '../wire/fetch.ts'
import { BatchBuilder } from '../wire/record-batch.ts'
import { ReadAhead } from './read-ahead.ts'

const limit = 2 ** 20

/** A batch of that many records, as a fetch from `from` brings it. */
function fetched(from: number, count: number, topic = 't', bytes = 10, end = 1_000): FetchedPartition {
  const builder = new BatchBuilder()
  for (let n = 0; n < count; n++) builder.add({ value: Buffer.alloc(bytes) }, 0)
  const batches = builder.finish('none', false)
  batches.writeBigInt64BE(BigInt(from))
  return {
    topic,
    partition: 0,
    errorCode: 0,
    highWatermark: end,
    lastStableOffset: end,
    aborted: [],
    batches,
  }
}
const at = (offset: number, topic = 't') => ({ topic, partition: 0, offset })

describe('what was fetched and not read', () => {
  it('is there for each offset in it, and not behind it', () => {
    const ahead = new ReadAhead(new ManualClock())
    const partition = fetched(10, 5)
    ahead.keep(partition, 10, limit)
    for (const offset of [10, 14]) expect(ahead.covering([at(offset)], limit)).toEqual([partition])
    for (const offset of [9, 15]) expect(ahead.covering([at(offset)], limit)).toEqual([])
    expect([10, 11, 15, 16].map((offset) => ahead.follows(at(offset)))).toEqual([false, true, true, false])
    expect([14, 15].map((offset) => ahead.moreBehind(at(offset)))).toEqual([false, true])
  })

  it('has no more behind it at the end of the partition', () => {
    const ahead = new ReadAhead(new ManualClock())
    ahead.keep(fetched(10, 5, 't', 10, 15), 10, limit)
    expect(ahead.moreBehind(at(15))).toBe(false)
  })

  it('is not given from its beginning again', () => {
    const ahead = new ReadAhead(new ManualClock())
    const partition = fetched(10, 5)
    ahead.keep(partition, 10, limit)
    ahead.begun(partition)
    expect([10, 11].map((offset) => ahead.covering([at(offset)], limit).length)).toEqual([0, 1])
  })

  it('is given up to the limit, and only for a read that has the same', () => {
    const ahead = new ReadAhead(new ManualClock())
    for (const topic of ['a', 'b', 'c']) ahead.keep(fetched(0, 1, topic, 600), 0, 1_000)
    const positions = ['c', 'b', 'a'].map((topic) => at(0, topic))
    expect(ahead.covering(positions, 1_000).map(({ topic }) => topic)).toEqual(['c', 'b'])
    expect(ahead.covering(positions, 999)).toEqual([])
  })

  it('is not for long', async () => {
    const clock = new ManualClock()
    const ahead = new ReadAhead(clock)
    ahead.keep(fetched(10, 5), 10, limit)
    await clock.advance(2_000)
    expect(ahead.covering([at(10)], limit)).toHaveLength(1)
    await clock.advance(1)
    expect(ahead.covering([at(10)], limit)).toEqual([])
  })

  it('is four parts of a partition at most, and bounded in all', () => {
    const ahead = new ReadAhead(new ManualClock())
    const places = [0, 5, 10, 15, 20]
    for (const from of places) ahead.keep(fetched(from, 5), from, limit)
    expect(places.map((offset) => ahead.covering([at(offset)], limit).length)).toEqual([0, 1, 1, 1, 1])
    for (let n = 0; n < 20; n++) ahead.keep(fetched(0, 1, `big-${n}`, 2 ** 20), 0, limit)
    expect(ahead.bytes).toBeLessThanOrEqual(16 * 2 ** 20)
    expect(ahead.covering([at(5)], limit)).toEqual([])
    expect(ahead.covering([at(0, 'big-19')], limit)).toHaveLength(1)
  })

  it('goes with its topic', () => {
    const ahead = new ReadAhead(new ManualClock())
    ahead.keep(fetched(0, 5), 0, limit)
    ahead.keep(fetched(5, 5), 5, limit)
    ahead.keep(fetched(0, 5, 'other'), 0, limit)
    ahead.forget('t')
    expect(ahead.covering([at(0), at(5), at(0, 'other')], limit).map(({ topic }) => topic)).toEqual(['other'])
    ahead.forget('other')
    expect(ahead.bytes).toBe(0)
  })
})
