import { describe, expect, test } from 'vitest'
import { topology } from '../topology/builder.ts'
import { topic } from '../topology/topic.ts'
import { hopping, tumbling } from '../topology/window.ts'
import { type DiffOptions, diffPlans, isSamePlan } from './diff.ts'
import { stateLayout } from './state-layout.ts'

interface Shape {
  readonly count?: string
  readonly within?: '1h' | '2h'
  readonly grace?: '0s' | '1m'
  readonly guarantee?: 'at-least-once' | 'exactly-once'
  readonly from?: string
}

const shop = ({
  count = 'count',
  within = '1h',
  grace = '0s',
  guarantee = 'at-least-once',
  from = 'orders',
}: Shape = {}) =>
  topology('shop', { guarantee })
    .from(topic<{ id: string }>(from), { name: 'in' })
    .dedupe({ by: (e) => e.data.id, within, name: 'once' })
    .keyBy((e) => e.data.id, { name: 'key' })
    .window(tumbling('1m', { grace }))
    .count({ name: count })
    .to(topic('counts'), { name: 'out' }).plan

const messages = (options: DiffOptions & { readonly to: Shape }): readonly string[] =>
  diffPlans(shop(), shop(options.to), options).conflicts.map(({ message }) => message)

describe('what is allowed', () => {
  test('what only says what is done with the state keeps it', () => {
    const { components, conflicts } = diffPlans(shop(), shop({ grace: '1m' }))
    expect(conflicts).toEqual([])
    expect(components).toEqual([
      {
        id: 'count',
        change: 'changed',
        fields: [{ path: 'config.graceMs', before: 0, after: 60_000 }],
        state: 'kept',
      },
    ])
  })

  test('another guarantee, and other topics, are told', () => {
    const diff = diffPlans(shop(), shop({ guarantee: 'exactly-once', from: 'sales' }))
    expect(diff.conflicts).toEqual([])
    expect(diff.settings).toEqual([{ path: 'guarantee', before: 'at-least-once', after: 'exactly-once' }])
    expect(diff.topics).toEqual([
      { name: 'sales', change: 'added' },
      { name: 'orders', change: 'removed' },
    ])
    expect(diff.notes).toEqual([
      `'orders' is no longer read; how far it was read is kept`,
      `'sales' is read too: from its beginning, or from where this topology once left it`,
      'from here on it is exactly-once',
    ])
  })

  test('a renamed step is one change, and what takes from it is none', () => {
    const diff = diffPlans(shop(), shop({ count: 'per-minute' }), { renamed: { count: 'per-minute' } })
    expect(diff.conflicts).toEqual([])
    expect(diff.components).toEqual([
      { id: 'per-minute', was: 'count', change: 'changed', fields: [], state: 'kept' },
    ])
    expect(isSamePlan(diff)).toBe(false)
  })
})

describe('what is refused', () => {
  test('state of another layout, unless it may be dropped', () => {
    expect(messages({ to: { within: '2h' } })).toEqual([
      `the state of 'once' is of the layout dedupe/1 {"withinMs":3600000}, and it would be of the layout dedupe/1 {"withinMs":7200000} now: leave it as it was, give the new one another name, or drop the state (--drop-state once)`,
    ])
    expect(messages({ to: { within: '2h' }, dropState: ['once'] })).toEqual([])
  })

  test('a step with state that is gone, with what it may be called now', () => {
    expect(messages({ to: { count: 'per-minute' } })).toEqual([
      `'count' has state and is no longer there: put it back, say what it is called now (--rename count=per-minute), or drop the state (--drop-state count)`,
    ])
  })

  test('all of it at once', () => {
    expect(messages({ to: { within: '2h', count: 'per-minute' } })).toHaveLength(2)
  })

  test('names that are not there', () => {
    expect(messages({ to: { count: 'total' }, renamed: { cuont: 'total' }, dropState: ['count'] })).toEqual([
      `there is no 'cuont' to rename; did you mean 'count'?`,
    ])
    expect(messages({ to: { count: 'total' }, renamed: { count: 'totl' }, dropState: ['count'] })).toEqual([
      `'count' cannot become 'totl', which is not there; did you mean 'total'?`,
    ])
    expect(messages({ to: {}, renamed: { once: 'count' } })).toEqual([
      `'once' cannot become 'count': there was a 'count' before`,
    ])
    expect(messages({ to: {}, dropState: ['twice'] })[0]).toContain(`there is no 'twice' whose state`)
  })

  test('state that an older Heddle wrote in another way', () => {
    const layouts = { once: 'dedupe/0 {"withinMs":3600000}', count: stateLayoutOf('count') }
    const { components, conflicts } = diffPlans(shop(), shop(), { layouts })
    expect(components).toEqual([{ id: 'once', change: 'changed', fields: [], state: 'replaced' }])
    expect(conflicts).toHaveLength(1)
  })
})

const stateLayoutOf = (id: string): string => stateLayout(shop().components.find((each) => each.id === id)!)!

test('tumbling and hopping windows of one size are the same state only with the same advance', () => {
  const windows = (window: Parameters<ReturnType<typeof keyed>['window']>[0]) =>
    keyed().window(window).count({ name: 'w' }).to(topic('out')).plan
  const keyed = () =>
    topology('t')
      .from(topic<number>('in'))
      .keyBy(() => 'k', { name: 'key' })
  const conflicts = (other: Parameters<typeof windows>[0]) =>
    diffPlans(windows(tumbling('1m')), windows(other)).conflicts
  expect(conflicts(hopping('1m', { advance: '1m' }))).toEqual([])
  expect(conflicts(hopping('1m', { advance: '30s' }))).toHaveLength(1)
})
