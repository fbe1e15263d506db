import { type Plan, fromTopic, toTopic, topic, topology, tumbling } from '@heddle/core'
import { expect, test } from 'vitest'
import { outletsOf, stagesOf } from './stages.ts'

interface Order {
  readonly customer: string
  readonly country: string
}

const shapeOf = ({ plan }: { readonly plan: Plan }): unknown =>
  stagesOf(plan, 4).map(({ id, partitions, components }) => [
    id,
    partitions,
    components.map((component) => component.id),
  ])

const orders = topic<Order>('in')
const out = topic('out')

test('a plan without state is one stage', () => {
  const plain = topology('t')
    .from(orders)
    .filter((e) => e.data.customer !== '')
    .to(out)
  expect(shapeOf(plain)).toEqual([['$topics', 1, ['from-in', 'filter', 'to-out']]])
})

test('it is cut before what has state, and not again where the key stays the same', () => {
  const counts = topology('t')
    .from(orders)
    .keyBy((e) => e.data.customer)
    .window(tumbling('1m'))
    .count()
    .fold(
      () => 0,
      (sum, { value }) => sum + value,
    )
    .to(out)
  expect(shapeOf(counts)).toEqual([
    ['$topics', 1, ['from-in', 'keyBy']],
    ['count', 4, ['count', 'fold', 'to-out']],
  ])
})

test('another key is another stage', () => {
  const counts = topology('t')
    .from(orders)
    .keyBy((e) => e.data.customer)
    .fold(
      () => '',
      (_, e) => e.data.country,
    )
    .keyBy((country) => country)
    .window(tumbling('1m'))
    .count()
    .to(out)
  expect(shapeOf(counts)).toEqual([
    ['$topics', 1, ['from-in', 'keyBy']],
    ['fold', 4, ['fold', 'keyBy-2']],
    ['count', 4, ['count', 'to-out']],
  ])
})

test('what has state and no key runs in one place', () => {
  const batches = topology('t').from(orders).batch({ count: 10 }).to(out)
  expect(shapeOf(batches)).toEqual([
    ['$topics', 1, ['from-in']],
    ['batch', 1, ['batch', 'to-out']],
  ])
})

test('both sides of a join go through one topic; what has no state stands in each stage that leads to it', () => {
  const flow = topology('t')
  const left = flow.from(orders).keyBy((e) => e.data.customer)
  const right = flow.from(topic<Order>('others')).keyBy((e) => e.data.customer)
  const joined = left.join(right, (a, b) => [a.id, b.id], { within: '1m' })
  const all = joined.merge(flow.from(topic<readonly string[]>('more')).map((e) => e.data)).to(out)
  expect(shapeOf(all)).toEqual([
    ['$topics', 1, ['from-in', 'keyBy', 'from-others', 'keyBy-2', 'from-more', 'map', 'to-out']],
    ['join', 4, ['join', 'to-out']],
  ])
  const stages = stagesOf(all.plan, 4)
  expect(outletsOf('t', stages[0]!, stages)).toMatchObject([
    { topic: 't.join.repartition', emitters: ['keyBy', 'keyBy-2'] },
  ])
  expect(outletsOf('t', stages[1]!, stages)).toEqual([])
})

test('bolts of the user’s: by their groupings, and by whether they were to have several tasks', () => {
  const t = topology.graph('t')
  const source = t.spout('in', fromTopic<string>('in'), { fields: ['line'] })
  const bolt = (): void => {}
  t.bolt('one', bolt).shuffle(source)
  t.bolt('many', bolt, { parallelism: 3 }).shuffle(source)
  t.bolt('keyed', bolt).fields(source, 'line')
  t.bolt('global', bolt, { parallelism: 3 }).global(source)
  t.bolt('all', bolt, { parallelism: 3 }).all(source)
  t.bolt('keyed-and-all', bolt).fields(source, 'line').all(source)
  t.bolt('copy', toTopic(out)).shuffle(source)
  expect(shapeOf(t)).toEqual([
    ['$topics', 1, ['in', 'copy']],
    ['one', 1, ['one']],
    ['many', 4, ['many']],
    ['keyed', 4, ['keyed']],
    ['global', 1, ['global']],
    ['all', 1, ['all']],
    ['keyed-and-all', 4, ['keyed-and-all']],
  ])
})
