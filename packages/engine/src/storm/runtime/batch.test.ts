import { event } from '@heddle/core'
import { describe, expect, test } from 'vitest'
import { type Carried, carriedRecord, carriedTuple } from '../../stages/carried.ts'
import { decodeBatch, encodeBatch } from './batch.ts'

const nowhere = { topic: '', partition: 0 }

const carried = (values: Carried['values']): Carried => ({
  component: 'split',
  stream: 'default',
  task: 3,
  origin: 'in:0:7:split:0',
  time: 12,
  traceparent: '00-1-2-01',
  partitionkey: 'k',
  input: { topic: 'in', partition: 0, offset: 7 },
  namedTask: undefined,
  below: {},
  values,
})

describe('a batch', () => {
  test.each([1, 300])('of %i tuples comes out as it went in', (count) => {
    const sent = Array.from({ length: count }, (_, n) =>
      carried({ n, text: 'é'.repeat(n), at: new Date(n), set: new Map([['a', n]]), bytes: Buffer.from([n]) }),
    )
    const batch = encodeBatch(sent.map((each) => carriedRecord(each, 0)))
    expect(batch[0]).toBe(count === 1 ? 'b' : 'z')
    expect(decodeBatch(batch).map((record) => carriedTuple(record, nowhere))).toEqual(
      sent.map((each) => ({ ...each, values: { ...each.values, bytes: expect.anything() } })),
    )
  })

  test('keeps events', () => {
    const order = event({ type: 'order', source: '/shop', data: { total: 12 }, partitionkey: 'k' })
    const batch = encodeBatch([carriedRecord(carried({ value: order }), 0)])
    const [record] = decodeBatch(batch)
    expect({ ...(carriedTuple(record!, nowhere).values['value'] as object) }).toEqual(order)
  })

  test.each([undefined, 7, '', 'x123'])('%j is none', (value) => {
    expect(() => decodeBatch(value)).toThrow('no batch of Heddle')
  })
})
