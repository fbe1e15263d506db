import process from 'node:process'
import { type Bolt, type Spout, type State, fromTopic, noRetry, topic, topology } from '@heddle/core'

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

/** Counts, goes on where it was, and says what became of each number. */
const counter: { readonly create: () => Spout<Order> } = {
  create() {
    let state: State
    return {
      open: (context) => void ({ state } = context),
      next(out) {
        const next = (state.get<number>('next') ?? 0) + 1
        if (next > 2) return
        state.put('next', next)
        out.emit({ order: String(next) }, { id: String(next) })
      },
      ack: (id) => void process.stdout.write(`acked ${id}\n`),
      fail: (id) => void process.stdout.write(`failed ${id}\n`),
    }
  },
}

const t = topology.graph('talk')
const counted = t.spout('counter', counter, { fields: ['order'] })
t.bolt('end', () => {}).shuffle(counted)
const orders = t.spout('orders', fromTopic(topic<string>('orders')), { fields: ['order'] })
const worked = t.bolt('work', work, { fields: ['done'], retry: noRetry }).shuffle(orders)
t.bolt('after', () => {}, { parallelism: 2 }).fields(worked, 'done')

export const talk = t
