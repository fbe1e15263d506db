import process from 'node:process'
import { type Bolt, fromTopic, noRetry, topic, topology } from '@heddle/core'

type Order = Readonly<Record<'order', string>>

/** Does what it is told. */
const work: Bolt<Order, { done: string }> = {
  execute({ values: { order } }, out) {
    const [what, ms] = order.split(' ')
    if (what === 'print') process.stdout.write('hello\nthere\n')
    if (what === 'throw') throw new Error('as it was told')
    if (what === 'exit') process.exit(3)
    if (what === 'work') {
      const until = performance.now() + Number(ms)
      while (performance.now() < until);
    }
    out.emit({ done: order })
  },
}

const t = topology.graph('talk')
const orders = t.spout('orders', fromTopic(topic<string>('orders')), { fields: ['order'] })
const worked = t.bolt('work', work, { fields: ['done'], retry: noRetry }).shuffle(orders)
t.bolt('after', () => {}, { parallelism: 2 }).fields(worked, 'done')

export const talk = t
