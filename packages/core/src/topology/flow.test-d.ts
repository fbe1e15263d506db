import { describe, expectTypeOf, it } from 'vitest'
import {
  type Event,
  type Failure,
  type Stream,
  type Topology,
  type Windowed,
  cel,
  otherwise,
  topic,
  topology,
  tumbling,
} from '../index.ts'

interface Order {
  id: string
  total: number
}
type Paid = Event<Order> & { readonly type: 'paid' }
const orders = topology('orders').from(topic<Order>('orders'))

describe('types of a flow', () => {
  it('are inferred through the whole chain', () => {
    expectTypeOf(orders).toEqualTypeOf<Stream<Event<Order>>>()
    const totals = orders.map(async (e) => ({ id: e.id, total: e.data.total })).filter((o) => o.total > 1)
    expectTypeOf(totals).toEqualTypeOf<Stream<{ id: string; total: number }>>()
    expectTypeOf(totals.flatMap((o) => [o.id, o.total])).toEqualTypeOf<Stream<string | number>>()
    const counted = orders
      .keyBy((e) => e.data.id)
      .window(tumbling('1m'))
      .count()
    expectTypeOf(counted.map((w) => w)).toEqualTypeOf<Stream<Windowed<string, number>>>()
    const sums = orders
      .keyBy((e) => e.data.total)
      .window(tumbling('1m'))
      .aggregate(
        () => ({ sum: 0 }),
        (a, e) => ({ sum: a.sum + e.data.total }),
      )
    expectTypeOf(sums.map((w) => w)).toEqualTypeOf<Stream<Windowed<number, { sum: number }>>>()
    expectTypeOf(orders.to(topic('x'))).toExtend<Topology>()
  })

  it('are narrowed by guards, in filter and in route', () => {
    expectTypeOf(orders.filter((e): e is Paid => e.type === 'paid')).toEqualTypeOf<Stream<Paid>>()
    orders.route(
      { paid: (e): e is Paid => e.type === 'paid', large: cel`event.data.total > 100`, rest: otherwise },
      {
        paid: (s) => (expectTypeOf(s).toEqualTypeOf<Stream<Paid>>(), s.drop()),
        large: (s) => (expectTypeOf(s).toEqualTypeOf<Stream<Event<Order>>>(), s.drop()),
        rest: (s) => (expectTypeOf(s).toEqualTypeOf<Stream<Event<Order>>>(), s.drop()),
      },
    )
  })

  it('refuse what cannot work', () => {
    // @ts-expect-error no such field
    orders.map((e) => e.data.totl)
    // @ts-expect-error the branch 'rest' is missing
    orders.route({ paid: () => true, rest: otherwise }, { paid: (s) => s.drop() })
    // @ts-expect-error a branch has to come to an end
    orders.route({ paid: () => true }, { paid: (s) => s.map((e) => e) })
    // @ts-expect-error not a recipient
    orders.recipientList(() => ['b'], { a: (s) => s.drop() })
    // @ts-expect-error not a duration
    orders.dedupe({ by: (e) => e.id, within: '1 fortnight' })
    // @ts-expect-error a key is a string, a number or a boolean
    orders.keyBy((e) => e.data)
  })

  it('give the error branch the element and its error', () => {
    orders.map((e) => e.id, {
      onError: (s) => (expectTypeOf(s).toEqualTypeOf<Stream<Failure<Event<Order>>>>(), s.drop()),
    })
  })
})
