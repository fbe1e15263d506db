import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Mistake, isHeddleError, topic, topology, tumbling } from '../index.ts'
import { topologyFormat } from './format.ts'
import { outputKind } from './output.ts'
import { readTopology } from './read-topology.ts'
import { text } from './shape.ts'

const format = topologyFormat({
  hook: outputKind({ about: 'A hook.', shape: text(), sink: (url) => ({ kind: 'hook', config: { url } }) }),
})
const read = (yaml: string, readFile?: (path: string) => string): ReturnType<typeof readTopology> =>
  readTopology(yaml, format, { file: 't.yaml', ...(readFile && { readFile }) })

function mistakes(yaml: string, readFile?: (path: string) => string): readonly Mistake[] {
  try {
    read(yaml, readFile)
  } catch (error) {
    if (isHeddleError(error, 'HEDDLE_TOPOLOGY_INVALID')) return error.info['mistakes'] as Mistake[]
    throw error
  }
  return []
}
/** `line:column message` */
const told = (yaml: string): readonly string[] =>
  mistakes(yaml).map(({ place, message }) => `${place?.replace('t.yaml:', '')} ${message}`)

describe('a topology in YAML', () => {
  it('gives the same plan as the flow', () => {
    const written = read(`
topology: shop
guarantee: exactly-once
maxOutOfOrder: 5s
topics:
  orders: { partitions: 3, retention: 7d }
from: { topic: orders, parallelism: 2 }
steps:
  - dedupe: { by: event.id, within: 1h }
    name: once
  - keyBy: event.data.customer
  - window: { tumbling: 1m, grace: 10s, sum: event.data.total }
    retry: { initial: 1s, attempts: 2, jitter: 0 }
to: totals
`).topology
    const coded = topology('shop', { guarantee: 'exactly-once', maxOutOfOrder: '5s' })
      .from(topic<{ customer: string; total: number }>('orders', { partitions: 3, retention: '7d' }), {
        parallelism: 2,
      })
      .dedupe({ by: (e) => e.id, within: '1h', name: 'once' })
      .keyBy((e) => e.data.customer)
      .window(tumbling('1m', { grace: '10s' }))
      .sum((e) => e.data.total, {
        retry: { attempts: 2, initialMs: 1000, factor: 2, maxMs: 60_000, jitter: 0 },
      })
      .to(topic('totals'))
    expect(written.plan).toEqual(coded.plan)
    expect([...written.code.keys()]).toEqual([...coded.code.keys()])
  })

  it('keeps conditions in the plan, and has branches, outputs and error branches', () => {
    const { plan } = read(`
topology: t
from: [a, { topic: b, name: other }]
steps:
  - map: { n: event.data.n }
    onError: { steps: [{ filter: value.error.message != '' }, { filter: value.value.type == 'x' }], to: broken }
  - route:
      large: { when: value.n > 10, to: [large, { hook: https://x.example, name: call }] }
      none: { when: value.n == 0, drop: true }
      rest: { otherwise: true, to: rest }
`).topology
    const ids = plan.components.map(({ id }) => id)
    expect(ids).toEqual(
      expect.arrayContaining([
        'from-a',
        'other',
        'map.error.filter',
        'large.to-large',
        'large.call',
        'none.drop',
      ]),
    )
    expect(plan.components.find(({ id }) => id === 'route')?.config).toEqual({
      branches: [
        { name: 'large', cel: 'value.n > 10' },
        { name: 'none', cel: 'value.n == 0' },
        { name: 'rest', otherwise: true },
      ],
    })
  })

  it('has its tests beside it', () => {
    const { tests } = read(`
topology: t
from: in
to: out
tests:
  - name: passes on
    publish: { in: [{ type: a, data: { x: [1, null, true] }, extensions: { tenant: acme } }] }
    advance: 1m
    expect: { out: [{ type: a }] }
    next:
      - expect: { out: [{ type: a }] }
        deadLetters: []
`)
    expect(tests).toEqual([
      {
        name: 'passes on',
        place: 't.yaml:6:5',
        parts: [
          {
            publish: [
              {
                topic: 'in',
                events: [{ type: 'a', data: { x: [1, null, true] }, extensions: { tenant: 'acme' } }],
              },
            ],
            advance: '1m',
            expect: [{ where: { topic: 'out' }, events: [{ type: 'a' }], place: 't.yaml:9:15' }],
          },
          {
            publish: [],
            advance: '1s',
            expect: [
              { where: { topic: 'out' }, events: [{ type: 'a' }], place: 't.yaml:11:19' },
              { where: 'dead-letters', events: [], place: 't.yaml:12:22' },
            ],
          },
        ],
      },
    ])
  })

  it('takes anchors, and block and folded texts', () => {
    const { plan } = read(`
topology: t
from: in
steps:
  - filter: &cond >-
      event.type ==
      'x'
  - filter: *cond
  - filter: |
      event.type != 'y'
to: out
`).topology
    expect(plan.components.map(({ config }) => config['cel']).filter(Boolean)).toEqual([
      "event.type == 'x'",
      "event.type == 'x'",
      "event.type != 'y'",
    ])
  })
})

describe('mistakes in a file', () => {
  it('are told all at once, each with its place, the line and what to write', () => {
    const yaml = `topology: t
guarantee: exactly-twice
from: in
steps:
  - fliter: event.type == 'x'
  - filter: event.tpye == 'x'
  - dedupe: { by: event.id, within: 1 }
    paralelism: 2
  - map: { a: order, b: [event.typ] }
to: [out, { hok: x }]
`
    expect(told(yaml)).toEqual([
      "2:12 there is no 'exactly-twice' here; did you mean 'exactly-once'?",
      "5:5 there is no step 'fliter'; did you mean 'filter'?",
      "6:19 there is no field 'tpye'; did you mean 'type'?",
      '7:37 this is 1; it must be a duration such as 250ms, 1.5s, 1m, 2h or 7d',
      "8:5 there is no 'paralelism' here; did you mean 'parallelism'?",
      "9:15 there is no variable 'order'; a text goes into quotes of its own: 'order'",
      "9:32 there is no field 'typ'; did you mean 'type'?",
      "10:13 there is no 'hok' here; did you mean 'hook'?",
      expect.stringContaining("10:13 one of 'topic', 'hook' is missing"),
    ])
    expect(mistakes(yaml)[1]).toEqual({
      place: 't.yaml:5:5',
      message: "there is no step 'fliter'; did you mean 'filter'?",
      excerpt: "  - fliter: event.type == 'x'\n    ^^^^^^",
    })
  })

  it.each([
    ['', '1:1 a topology begins with topology: NAME'],
    ['- a', '1:1 a topology begins with topology: NAME'],
    ['topology: t\nto: out', "1:1 'from' is missing"],
    ['topology: t\nfrom: in', "this goes nowhere: say 'to: TOPIC', or 'drop: true'"],
    ['topology: t\nfrom: in\nto: out\ndrop: true', 'it cannot go somewhere'],
    ['topology: t\nfrom: in\nfrom: b\nto: out', '3:1 this name is there before'],
    ['topology: no good\nfrom: in\nto: out', "1:11 this is the text 'no good'; it must be a name"],
    [
      'topology: t\nfrom: orders\nto: out\ntopics: { orderz: {} }',
      "4:11 nothing takes from or goes to this topic; did you mean 'orders'?",
    ],
    [
      'topology: t\nfrom: in\nto: out\ntests: [{ name: a, expect: { oot: [], in: [], t.dead-letters: [] } }]',
      "4:30 the topology has no topic 'oot'; did you mean 'out'?",
    ],
    [
      'topology: t\nfrom: in\nto: { hook: x }\ntests: [{ name: a, sent: { hok: [], hook: [] } }]',
      "4:28 the topology has no output 'hok'; did you mean 'hook'?",
    ],
    ['topology: t\nfrom: in\nto:\n', "3:1 'to' has no value"],
    [
      'topology: t\nfrom: in\nsteps:\n  - window: { tumbling: 1m, count: true }\nto: out',
      "4:5 this goes by key: put '- keyBy",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - keyBy: event.id\n  - window: { tumbling: 1m }\nto: out',
      "5:15 one of 'count'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - keyBy: event.id\n  - window: { tumbling: 1m, hopping: 2m, count: true }\nto: out',
      "only one of 'tumbling'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - keyBy: event.id\n  - window: { hopping: 1m, count: true }\nto: out',
      "hopping windows need 'advance'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - filter: true\n    map: event.id\nto: out',
      '5:5 one step cannot be both',
    ],
    ['topology: t\nfrom: in\nsteps:\n  - name: x\nto: out', '4:5 what kind of step is it?'],
    [
      'topology: t\nfrom: in\nsteps:\n  - filter: true\n    name: a\n  - filter: true\n    name: a\nto: out',
      "two components have the name 'a'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - route: { a: { when: true, to: x } }\n  - filter: true\n',
      '5:5 nothing comes here',
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - route: { a: { when: true, to: x } }\nto: out',
      '4:5 this leads all elements elsewhere',
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - route: { a: { otherwise: true, to: x }, b: { otherwise: true, to: y } }\n',
      'there is a branch with otherwise before',
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - set: { total: 1 }\nto: out',
      "4:12 'total' is no attribute of events: fields of the data are written data.total",
    ],
    ['topology:t\nfrom: in\nto: out', "are written 'name: value', with the space"],
    ['topology: t\nfrom: in\nsteps:\n  - filter: !event.x\nto: out', "4:13 YAML takes a '!'"],
    ["topology: t\nfrom: in\nsteps:\n  - filter: 'a' in event.x\nto: out", 'goes into quotes'],
    [
      'topology: t\nfrom: in\nsteps:\n  - map: { a: event.data.l.map(x, x), b: 1 }\nto: out',
      'a comma ends it, so put the expression into quotes',
    ],
    [
      `topology: t\nfrom: in\nsteps:\n  - map: { a: 'x' }\nto: out`,
      `quotes of its own: 'x', inside of those that YAML takes away: "'x'"`,
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - map: { a: value.x }\nto: out',
      "an element here is an event: it is called 'event'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - map: { a: event.id }\n  - filter: event.type == "x"\nto: out',
      "5:13 an element here is not an event: it is called 'value'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - map: { a: event.id }\n  - filter: value.b == "x"\nto: out',
      "there is no field 'b'",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - keyBy: event.id\n  - window: { tumbling: 1m, fields: { n: { count: true } } }\n  - filter: value.value.m > 1\nto: out',
      "there is no field 'm'; did you mean 'n'?",
    ],
    [
      'topology: t\nfrom: in\nsteps:\n  - filter: event.type.matches("(a+)+")\nto: out',
      'matches() can take forever',
    ],
    [
      'topology: t\nfrom: in\ntopics: { in: { schema: ./none.json } }\nto: out',
      '3:25 the schema cannot be read',
    ],
    ['['.repeat(5000), 'it is nested too deep'],
    [`topology: ${'x'.repeat(1_000_001)}`, 'more than 1000000 characters'],
  ])('%j', (yaml, message) => {
    expect(told(yaml).join('\n')).toContain(message)
  })

  it('are found by the schemas of topics, inline or in files', () => {
    const schema = '{ "properties": { "total": { "type": "number" } } }'
    const yaml = (where: string): string => `topology: t
from: orders
topics: { orders: { schema: ${where} } }
steps: [{ filter: event.data.totl > 1 }]
to: out
`
    for (const [where, readFile] of [
      [schema, undefined],
      ['./order.json', (path: string) => (path === './order.json' ? schema : '')],
      ['./order.yaml', () => 'properties:\n  total: { type: number }\n'],
    ] as const)
      expect(mistakes(yaml(where), readFile).map(({ message }) => message)).toEqual([
        "there is no field 'totl'; did you mean 'total'?",
      ])
  })

  it('are found behind a step that leaves the data as it is, and not where it changes', () => {
    const yaml = (set: string): string => `topology: t
from: in
topics: { in: { schema: { properties: { total: { type: number } } } } }
steps: [{ set: { ${set} } }, { remove: [subject] }, { filter: event.data.totl > 1 }]
to: out
`
    expect(told(yaml('type: event.id'))).toEqual(["4:82 there is no field 'totl'; did you mean 'total'?"])
    expect(told(yaml('data.x: event.id'))).toEqual([])
  })

  it('in one branch do not hide those of another', () => {
    expect(
      told(
        'topology: t\nfrom: in\nsteps:\n  - route:\n      a: { when: event.tpe == "x", to: x }\n      b: { when: true }\n      c: { when: true, too: x }\n',
      ),
    ).toEqual([
      "5:24 there is no field 'tpe'; did you mean 'type'?",
      "6:7 this goes nowhere: say 'to: TOPIC', or 'drop: true'",
      "7:24 there is no 'too' here; did you mean 'to'?",
    ])
  })

  it('that come from another mistake are not told', () => {
    expect(
      told(
        'topology: t\nfrom: in\nsteps:\n  - mapp: { a: event.id }\n  - filter: value.a == "x"\n  - keyby: value.a\n  - window: { tumbling: 1m, count: true }\nto: out',
      ),
    ).toEqual([
      "4:5 there is no step 'mapp'; did you mean 'map'?",
      "6:5 there is no step 'keyby'; did you mean 'keyBy'?",
    ])
  })

  it('cannot be hidden in aliases of aliases, which are counted at each use', () => {
    const lines = Array.from(
      { length: 12 },
      (_, at) =>
        `x${at}: &a${at} [${Array.from({ length: 10 }, () => (at === 0 ? '1' : `*a${at - 1}`)).join(', ')}]`,
    )
    const yaml = `topology: t\nfrom: in\nto: out\ntests:\n  - name: n\n    publish:\n      in:\n        - data:\n${lines.map((line) => `            ${line}`).join('\n')}\n`
    expect(() => read(yaml)).toThrow(/more than 20000 parts/)
  })

  it('are always told as such, whatever the text is', () => {
    const good = `topology: t
from: { topic: in }
steps:
  - filter: event.data.n > 1 && event.type != "x"
  - keyBy: event.data.k
  - window: { tumbling: 1m, fields: { n: { count: true } } }
  - route: { a: { when: value.value.n > 2, to: x }, b: { otherwise: true, drop: true } }
tests: [{ name: a, publish: { in: [{ data: 1 }] } }]
`
    const change = fc.tuple(
      fc.nat(good.length),
      fc.nat(8),
      fc.oneof(
        fc.string({ maxLength: 5 }),
        fc.constantFrom('{', '[', '\n', ': ', '- ', '&a ', '*a', '!x ', '|', '\t', '"'),
      ),
    )
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const yaml = changes.reduce(
          (before, [at, cut, put]) => before.slice(0, at) + put + before.slice(at + cut),
          good,
        )
        for (const { place, message } of mistakes(yaml)) {
          expect(place ?? 't.yaml:').toMatch(/^t\.yaml:/)
          expect(message).not.toBe('')
        }
      }),
      { numRuns: 300 },
    )
  })
})
