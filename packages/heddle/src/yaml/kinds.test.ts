import { readTopology } from '@heddle/core/yaml'
import { expect, test } from 'vitest'
import { format } from './load-yaml.ts'
import { runFileTest } from './run-tests.ts'

/** Runs the tests of a file; the mistakes of all. */
async function run(yaml: string): Promise<readonly string[]> {
  const { topology, tests } = readTopology(`topology: t\n${yaml}`, format, { file: 't.yaml' })
  const lines: string[] = []
  for (const each of tests)
    for (const failure of (await runFileTest(topology, each)).failures)
      lines.push(`${failure.where}: ${failure.lines.join('\n')}`)
  return lines
}

/** Events of a topic `in` from their data. */
const published = (...data: readonly unknown[]): string =>
  `publish: { in: ${JSON.stringify(data.map((each) => ({ data: each })))} }`
const expected = (...data: readonly unknown[]): string =>
  `expect: { out: ${JSON.stringify(data.map((each) => ({ data: each })))} }`

const line = (step: string, before: string, after: string, advance = '1s'): string =>
  `from: in\nsteps:\n${step.trim().replaceAll(/^/gm, '  ')}\nto: out\ntests: [{ name: works, ${before}, advance: ${advance}, ${after} }]`

test.each([
  ['filter', '- filter: event.data > 1', [1, 2, 3], [2, 3]],
  [
    'map',
    `- map: { n: event.data.n + 1, text: "'a'", list: [event.data.n, 7], fixed: { $literal: event.data }, none: null, half: event.data.n / 2 }`,
    [{ n: 1 }],
    [{ n: 2, text: 'a', list: [1, 7], fixed: 'event.data', none: null, half: 0.5 }],
  ],
  [
    'set',
    '- set: { data.total: event.data.n * 2, data.deep.er: event.data.n, subject: "\'s\'" }\n- map: { s: event.subject, d: event.data }',
    [{ n: 1, x: 0 }],
    [{ s: 's', d: { n: 1, x: 0, total: 2, deep: { er: 1 } } }],
  ],
  [
    'remove',
    '- remove: [data.a, data.b.c, data.none.at.all]\n- map: { d: event.data }',
    [{ a: 1, b: { c: 2, d: 3 } }],
    [{ d: { b: { d: 3 } } }],
  ],
  ['flatMap', '- flatMap: event.data', [[1, 2], [], [3]], [1, 2, 3]],
  ['dedupe', '- dedupe: { by: event.data, within: 1h }', ['a', 'b', 'a'], ['a', 'b']],
  [
    'window',
    '- keyBy: event.data.k\n- window: { tumbling: 1m, fields: { n: { count: true }, s: { sum: event.data.v }, least: { min: event.data.v }, most: { max: event.data.v } } }\n- map: value.value',
    [
      { k: 'a', v: 1 },
      { k: 'a', v: 5 },
    ],
    [{ n: 2, s: 6, least: 1, most: 5 }],
  ],
  [
    'window that collects',
    '- keyBy: event.data.k\n- window: { session: 10s, collect: 10 }\n- map: { k: value.key, v: "value.value.map(e, e.data.v)" }',
    [
      { k: 'a', v: 1 },
      { k: 'b', v: 3 },
      { k: 'a', v: 2 },
    ],
    [
      { k: 'a', v: [1, 2] },
      { k: 'b', v: [3] },
    ],
  ],
  [
    'fold',
    '- keyBy: event.data.k\n- fold: { start: 0, next: value.state + value.element.data.v }',
    [
      { k: 'a', v: 1 },
      { k: 'a', v: 2 },
    ],
    [1, 3],
  ],
  [
    'split and gatherParts',
    '- split: event.data\n- set: { part: value.part * 10 }\n- gatherParts: {}',
    [[1, 2], [3]],
    [[10, 20], [30]],
  ],
  [
    'gather',
    '- gather: { by: event.data.k, until: "value.exists(e, e.data.last)", timeout: 10s }\n- map: { k: value.key, n: size(value.elements), all: value.complete }',
    [
      { k: 'a', last: false },
      { k: 'b', last: false },
      { k: 'a', last: true },
    ],
    [
      { k: 'a', n: 2, all: true },
      { k: 'b', n: 1, all: false },
    ],
  ],
  [
    'scatterGather',
    '- scatterGather:\n    branches: { double: [{ map: event.data * 2 }], square: [{ map: event.data * event.data }] }\n- map: [value.element.data, value.answers.double, value.answers.square]',
    [3],
    [[3, 6, 9]],
  ],
  ['batch', '- batch: { count: 2, within: 5s }\n- map: "value.map(e, e.data)"', [1, 2, 3], [[1, 2], [3]]],
  ['throttle', '- throttle: { rate: 1, per: 1h, drop: true }', [1, 2, 3], [1]],
  ['sample', '- sample: { every: 2 }\n- map: size([event.data])', [1, 2, 3, 4], [1, 1]],
  [
    'debounce',
    '- debounce: { by: event.data.k, quiet: 5s }',
    [
      { k: 'a', v: 1 },
      { k: 'a', v: 2 },
    ],
    [{ k: 'a', v: 2 }],
  ],
  ['resequence', '- resequence: { by: true, sequence: event.data }', [2, 0, 1], [0, 1, 2]],
  ['delay', '- delay: { ms: event.data * 1000 }', [3, 1], [1, 3]],
  [
    'loop',
    '- map: { n: event.data, by: 0 }\n- loop: { next: { n: value.n / 2, by: value.by + 1 }, until: value.n < 1, rounds: 64 }',
    [5],
    [{ n: 0.625, by: 3 }],
  ],
  [
    'normalise',
    '- normalise: { of: event.data.v, shapes: { a: event.data.x, b: event.data.y * 2 } }',
    [
      { v: 'a', x: 1 },
      { v: 'b', y: 2 },
    ],
    [1, 4],
  ],
  [
    'routingSlip',
    '- routingSlip: { slip: event.data.needs, steps: { a: { data: { needs: event.data.needs, n: 1 } } } }\n- map: has(value.data.n)',
    [{ needs: ['a'] }, { needs: [] }],
    [true, false],
  ],
] as const)('%s', async (_, steps, before, after) => {
  expect(await run(line(steps, published(...before), expected(...after), '2m'))).toEqual([])
})

test('route, recipientList, toEach and wireTap', async () => {
  expect(
    await run(`
from: in
steps:
  - wireTap: { steps: [{ filter: event.data.copy }], to: copies }
  - route:
      a: { when: event.data.to == 'a', to: a }
      some:
        when: has(event.data.some)
        steps: [{ recipientList: { names: event.data.some, recipients: { x: { to: x }, y: { steps: [{ map: event.data.n }], to: y } } } }]
      rest:
        otherwise: true
        steps: [{ toEach: { topics: [p, q], names: event.data.each } }]
tests:
  - name: everything goes its way
    publish:
      in:
        - { data: { to: a, copy: true } }
        - { data: { to: b, copy: false, n: 1, some: [x, y] } }
        - { data: { to: c, copy: false, each: [q] } }
    expect:
      a: [{ data: { to: a } }]
      copies: [{ data: { to: a } }]
      x: [{ data: { to: b } }]
      y: [{ data: 1 }]
      p: []
      q: [{ data: { to: c } }]
`),
  ).toEqual([])
})

test('join and joinTable', async () => {
  const publish = (other: string): string => `
    publish:
      ${other}
      orders: [{ data: { order: 1, customer: c } }, { data: { order: 2, customer: d } }]`
  expect(
    await run(`
from: orders
steps:
  - keyBy: event.data.order
  - join: { with: { from: payments, steps: [{ filter: event.data.amount > 1 }], keyBy: event.data.order }, within: 1m, type: left }
  - map: { order: value.left.data.order, paid: "has(value.right) ? value.right.data.amount : 0" }
to: out
tests:
  - name: pairs${publish('payments: [{ data: { order: 1, amount: 10 } }]')}
    advance: 5m
    expect: { out: [{ data: { order: 1, paid: 10 } }, { data: { order: 2, paid: 0 } }] }
`),
  ).toEqual([])
  expect(
    await run(`
from: orders
steps:
  - keyBy: event.data.customer
  - joinTable: { table: customers, type: left }
  - map: { order: value.left.data.order, name: "has(value.right) ? value.right.name : 'unknown'" }
to: out
tests:
  - name: rows${publish('customers: [{ partitionkey: c, data: { name: Ada } }]')}
    expect: { out: [{ data: { order: 1, name: Ada } }, { data: { order: 2, name: unknown } }] }
`),
  ).toEqual([])
})

test('request goes on with the reply, or without one', async () => {
  expect(
    await run(`
from: in
steps:
  - request: { to: asked, replies: answers, timeout: 5s }
  - map: has(value.reply)
to: out
tests:
  - name: no reply
    publish: { in: [{ data: 1 }] }
    expect: { asked: [{ data: 1 }], out: [] }
    next: [{ advance: 10s, expect: { out: [{ data: false }] } }]
`),
  ).toEqual([])
})

test('what fails goes the way of onError, with its element', async () => {
  expect(
    await run(`
from: in
steps:
  - map: event.data.x
    retry: none
    onError:
      steps: [{ filter: value.attempts == 1 }, { map: { of: value.value.data, code: value.error.code } }]
      to: broken
to: { http: https://x.example }
tests:
  - name: one is right, one is wrong
    publish: { in: [{ data: { x: 1 } }, { data: { y: 1 } }] }
    sent: { http: [{ data: 1 }] }
    expect: { broken: [{ data: { of: { y: 1 }, code: HEDDLE_EXPRESSION_FAILED } }] }
`),
  ).toEqual([])
})

test('an event that is none fails the test, not the others', async () => {
  expect(
    await run(`
from: in
to: out
tests:
  - name: no time
    publish: { in: [{ time: 2026-01-01T99:00:00Z }] }
  - name: a time
    publish: { in: [{ time: 2026-01-01T09:00:00Z }] }
    expect: { out: [{ time: 2026-01-01T09:00:00Z }] }
`),
  ).toEqual([expect.stringContaining('the test: The event is not a valid CloudEvents 1.0 event: time')])
})

test('a test that fails says what differs, and what failed in the topology', async () => {
  const told = await run(`
from: in
steps: [{ map: { n: event.data.n } }]
to: out
tests:
  - name: wrong
    publish: { in: [{ data: { n: 1 } }, { data: { m: 1 } }, { data: { n: 3 } }] }
    expect: { out: [{ data: { n: 2 } }] }
`)
  expect(told).toEqual([
    'topic out: event 1:\n  data.n: expected 2, and it is 1\nevent 2 was not expected: {"type":"t.to-out","data":{"n":3}}',
    expect.stringContaining(
      `dead letters: 1 event failed:\n  {"type":"test","data":{"m":1}} in 'map': The CEL expression failed on an event: 'event.data.n'`,
    ),
  ])
})
