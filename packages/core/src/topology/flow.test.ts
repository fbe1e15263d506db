import { describe, expect, it } from 'vitest'
import {
  type SinkRef,
  type Stream,
  backoff,
  cel,
  isHeddleError,
  otherwise,
  topic,
  topology,
  tumbling,
} from '../index.ts'

interface Push {
  repository: { full_name: string }
}
const hook: SinkRef = { kind: 'http', config: { url: 'https://team.example/hook' } }

const github = topology('github', { guarantee: 'exactly-once' })
  .from(topic<Push>('github.webhooks'))
  .dedupe({ by: (e) => e.id, within: '1h' })
  .route(
    { pushes: (e) => e.type === 'push', issues: cel`event.type.startsWith('issues')`, rest: otherwise },
    {
      pushes: (s) =>
        s
          .keyBy((e) => e.data.repository.full_name)
          .window(tumbling('1m'))
          .count()
          .to(topic('pushes.per-repo')),
      issues: (s) =>
        s.enrich(async (e) => e, { concurrency: 16, retry: backoff('100ms', { attempts: 5 }) }).to(hook),
      rest: (s) => s.to(topic('github.other')),
    },
  )

const mistakesOf = (
  make: () => { plan: unknown },
): readonly { message: string; place?: string; component?: string }[] => {
  try {
    void make().plan
  } catch (error) {
    if (isHeddleError(error, 'HEDDLE_TOPOLOGY_INVALID')) return error.info['mistakes'] as never
    throw error
  }
  return []
}

describe('a flow', () => {
  it('becomes a plan of components in topological order', () => {
    expect(github.plan.components.map(({ id, operator }) => `${id}: ${operator}`)).toEqual([
      'from-github.webhooks: topic',
      'dedupe-key: keyBy',
      'dedupe: dedupe',
      'route: route',
      'pushes.keyBy: keyBy',
      'pushes.count: window',
      'pushes.to-pushes.per-repo: to-topic',
      'issues.enrich: enrich',
      'issues.to-http: sink',
      'rest.to-github.other: to-topic',
    ])
  })

  it('keeps the text of CEL conditions in the plan, and the compiled condition in the code', () => {
    const route = github.plan.components.find(({ id }) => id === 'route')
    expect(route?.config).toEqual({
      branches: [
        { name: 'pushes' },
        { name: 'issues', cel: "event.type.startsWith('issues')" },
        { name: 'rest', otherwise: true },
      ],
    })
    expect(Object.keys(github.code.get('route')!)).toEqual(['pushes', 'issues'])
  })

  it('groups by key behind keyBy, and stays local elsewhere', () => {
    const groupings = Object.fromEntries(
      github.plan.components.map(({ id, inputs }) => [id, inputs.map(({ grouping }) => grouping)]),
    )
    expect(groupings['pushes.count']).toEqual([{ kind: 'fields', fields: ['key'] }])
    expect(groupings['dedupe']).toEqual([{ kind: 'fields', fields: ['key'] }])
    expect(groupings['issues.to-http']).toEqual([{ kind: 'local-or-shuffle' }])
  })

  it('has a plan that is frozen and survives JSON', () => {
    expect(JSON.parse(JSON.stringify(github.plan))).toEqual(github.plan)
    expect(() => {
      ;(github.plan.components[0]!.config as Record<string, unknown>)['topic'] = 'x'
    }).toThrow(TypeError)
  })

  it('names the topics that it reads and writes, with their settings', () => {
    const t = topology('t')
      .from(topic('in', { partitions: 8, retention: '7d' }))
      .to(topic('in'))
    expect(t.plan.topics).toEqual([{ name: 'in', partitions: 8, retention: { ms: 604_800_000 } }])
  })

  it('leads errors, taps and recipients their own ways', () => {
    const t = topology('ways')
      .from(topic<number>('in'))
      .map((e) => e.data * 2, { onError: (failures) => failures.to(topic('failed')) })
      .wireTap((copy) => copy.to(topic('audit')))
      .recipientList((n) => (n > 10 ? ['a', 'b'] : ['a']), {
        a: (s) => s.to(topic('a')),
        b: (s) => s.to(topic('b')),
      })
    expect(
      t.plan.components.map(({ id, inputs }) => [
        id,
        ...inputs.map(({ from, stream }) => `${from}/${stream}`),
      ]),
    ).toEqual([
      ['from-in'],
      ['map', 'from-in/default'],
      ['map.error.to-failed', 'map/$error'],
      ['wireTap', 'map/default'],
      ['wireTap.to-audit', 'wireTap/tap'],
      ['recipientList', 'wireTap/default'],
      ['a.to-a', 'recipientList/a'],
      ['b.to-b', 'recipientList/b'],
    ])
  })

  it('is a value: one stream can be used twice, and shares its steps', () => {
    const start = topology('shared')
    const numbers = start.from(topic<number>('in')).map((e) => e.data)
    const t = start.all(
      numbers.filter((n) => n > 0).to(topic('up')),
      numbers.filter((n) => n < 0).to(topic('down')),
    )
    expect(t.plan.components.map(({ id }) => id)).toEqual([
      'from-in',
      'map',
      'filter',
      'to-up',
      'filter-2',
      'to-down',
    ])
  })

  it('merges streams', () => {
    const start = topology('merged')
    const t = start
      .from(topic('a'))
      .merge(start.from(topic('b')))
      .to(topic('c'))
    expect(t.plan.components.at(-1)!.inputs.map(({ from }) => from)).toEqual(['from-a', 'from-b'])
  })
})

describe('a mistake in a flow', () => {
  it('is found when the plan is built, with its place in the user’s file', () => {
    const found = mistakesOf(() =>
      topology('wrong', { maxPending: 0 })
        .from(topic('in'))
        .map((e) => e, { name: 'twice', parallelism: 0 })
        .filter(() => true, { name: 'twice' })
        .drop(),
    )
    expect(found.map(({ message }) => message)).toEqual([
      'maxPending must be a whole number from 1 on, and is 0',
      "parallelism of 'twice' must be a whole number from 1 on, and is 0",
      "two components have the name 'twice'",
    ])
    expect(found[1]!.place).toMatch(/flow\.test\.ts:\d+:\d+$/)
  })

  it('is a branch that was forgotten', () => {
    const found = mistakesOf(() =>
      topology('t')
        .from(topic('in'))
        .route({ a: () => true, b: otherwise }, { a: (s: Stream<unknown>) => s.drop() } as never),
    )
    expect(found.map(({ message }) => message)).toEqual([
      "stream 'b' of 'route' goes nowhere: end it with .to(…), or with .drop()",
    ])
  })

  it('is a topology without a source or with a bad name', () => {
    expect(mistakesOf(() => topology('a b').all()).map(({ message }) => message)).toEqual([
      "the name 'a b' has characters other than letters, digits, '.', '_' and '-'",
      'it has no source: begin with from() or a spout',
    ])
  })
})
