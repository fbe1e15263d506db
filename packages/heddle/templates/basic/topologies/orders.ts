import { file, otherwise, topic, topology, tumbling } from 'heddle'

interface Order {
  readonly customer: string
  readonly total: number
}

export default topology('orders', { guarantee: 'exactly-once' })
  .from(topic<Order>('orders'))
  .wireTap((copy) =>
    copy
      .keyBy((order) => order.data.customer)
      .window(tumbling('1m'))
      .count()
      .to(topic('orders.per-customer')),
  )
  .route(
    { large: (order) => order.data.total >= 100, rest: otherwise },
    {
      large: (orders) => orders.to(file('out/large-orders.jsonl')),
      rest: (orders) => orders.to(topic('orders.small')),
    },
  )
