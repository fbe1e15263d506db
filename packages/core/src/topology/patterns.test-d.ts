import { describe, expectTypeOf, it } from 'vitest'
import {
  type Claim,
  type ClaimStore,
  type Event,
  type Gathered,
  type Part,
  type Replied,
  type Stream,
  topic,
  topology,
} from '../index.ts'

interface Order {
  id: string
  lines: string[]
  total: number
}
const orders = topology('orders').from(topic<Order>('orders'))
const data = orders.map((e) => e.data)

describe('types of the patterns', () => {
  it('are inferred', () => {
    const parts = data.split((o) => o.lines)
    expectTypeOf(parts).toEqualTypeOf<Stream<Part<string>>>()
    expectTypeOf(parts.gatherParts()).toEqualTypeOf<Stream<readonly string[]>>()
    expectTypeOf(data.gather({ by: (o) => o.total, until: 3 })).toEqualTypeOf<
      Stream<Gathered<number, Order>>
    >()
    expectTypeOf(data.pick('id', 'total')).toEqualTypeOf<Stream<Pick<Order, 'id' | 'total'>>>()
    expectTypeOf(data.omit('lines')).toEqualTypeOf<Stream<Omit<Order, 'lines'>>>()
    expectTypeOf(data.batch()).toEqualTypeOf<Stream<readonly Order[]>>()
    expectTypeOf(data.request(topic('asks'), topic<Date>('answers'))).toEqualTypeOf<
      Stream<Replied<Order, Event<Date>>>
    >()
    data.scatterGather({ price: (s) => s.map((o) => o.total), first: (s) => s.map((o) => o.id) }, (found) =>
      expectTypeOf(found).toEqualTypeOf<{ readonly price?: number; readonly first?: string }>(),
    )
  })

  it('come back from a claim, also over a topic', () => {
    const store = {} as ClaimStore
    const claims = data.checkIn(store, (o) => o.id)
    expectTypeOf(claims).toEqualTypeOf<Stream<Claim<Order, string>>>()
    expectTypeOf(claims.checkOut(store)).toEqualTypeOf<Stream<Order>>()
    const sent = topology('t').from(topic<Claim<Order, string>>('claims'))
    expectTypeOf(sent.map((e) => e.data).checkOut(store)).toEqualTypeOf<Stream<Order>>()
  })

  it('refuse what cannot work', () => {
    // @ts-expect-error nothing was split
    data.gatherParts()
    // @ts-expect-error nothing was checked in
    data.checkOut({} as ClaimStore)
    // @ts-expect-error no such field
    data.pick('totl')
    // @ts-expect-error no such step
    data.routingSlip(() => ['wrap'], { ship: (o) => o })
    // @ts-expect-error two ways to sample
    data.sample({ every: 2, share: 0.5 }).drop()
    // @ts-expect-error by what is missing
    data.debounce('1s')
  })
})
