import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './membership.ts'

const place = fc.record({ topic: fc.constantFrom('a', 'b', 'ö'), partition: fc.nat(1000) })
const places = fc
  .uniqueArray(place, { selector: ({ topic, partition }) => `${topic}/${partition}` })
  // As they are grouped in the bytes.
  .map((all) => [...Map.groupBy(all, ({ topic }) => topic).values()].flat())

describe('what members of a classic group say', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        places,
        fc.integer({ min: -1, max: 9 }),
        (topics, owned, generation) => {
          const subscription = { topics, owned, generation }
          expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription)
          expect(decodeAssignment(encodeAssignment(owned))).toEqual(owned)
        },
      ),
    )
  })

  it('has the bytes of Kafka’s format', () => {
    const bytes = encodeSubscription({ topics: ['t'], owned: [{ topic: 't', partition: 7 }], generation: 2 })
    expect(bytes.toString('hex')).toBe(
      // Version, one topic, no user data, one topic with one partition, generation.
      ['0002', '00000001000174', 'ffffffff', '000000010001740000000100000007', '00000002'].join(''),
    )
  })

  it('is read from members that know less or more', () => {
    const none = { owned: [], generation: -1 }
    expect(decodeSubscription(Buffer.from('0000000000010001740000000100', 'hex'))).toEqual({
      topics: ['t'],
      ...none,
    })
    const rack = Buffer.concat([
      encodeSubscription({ topics: ['t'], owned: [], generation: 5 }),
      Buffer.from('ffff', 'hex'),
    ])
    rack.writeInt16BE(3)
    expect(decodeSubscription(rack)).toEqual({ topics: ['t'], owned: [], generation: 5 })
  })

  it('is nothing before a first assignment', () => {
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })
})
