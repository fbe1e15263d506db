import { describe, expect, test } from 'vitest'
import { cel, file, http, otherwise, topic, topology, tumbling } from '../index.ts'
import { duration } from './describe.ts'
import { mermaid } from './mermaid.ts'
import { tree } from './tree.ts'

interface Order {
  readonly total: number
  readonly shop: string
}

const shop = topology('shop')
  .from(topic<Order>('orders'))
  .route(
    { large: cel`event.data.total > 100`, rest: otherwise },
    {
      large: (s) => s.enrich((order) => order, { concurrency: 8 }).to(http('https://team.example/"hook"')),
      rest: (s) =>
        s
          .keyBy((order) => order.data.shop)
          .window(tumbling('1m'))
          .count({ parallelism: 2 })
          .to(topic('counts')),
    },
  )

const words = topology.graph('words')
const lines = words.spout('lines', { next: () => {} }, { fields: ['line'] })
const split = words.bolt('split', () => {}, { fields: ['word'] }).shuffle(lines)
words
  .bolt('count', () => {}, { fields: [] })
  .fields(split, 'word')
  .all(lines)

describe('the tree', () => {
  test('of a flow', () => {
    expect(`\n${tree(shop.plan)}`).toBe(`
from-orders                          topic orders
└─ route
   ├─ large → large.enrich           8 at once
   │  └─ large.to-http               http https://team.example/"hook"
   └─ rest → rest.keyBy
      └─ by key → rest.count         count each 1m, ×2
         └─ by key → rest.to-counts  topic counts
`)
  })

  test('of a graph: what takes from several is drawn once', () => {
    expect(`\n${tree(words.plan)}`).toBe(`
lines
├─ shuffle → split
│  └─ by word → count
└─ all → count         (above)
`)
  })

  test('notes stand at the right, and long lines are cut', () => {
    const lines = tree(shop.plan, { width: 60, note: ({ id }) => (id === 'route' ? '12/s' : '') }).split('\n')
    expect(lines[1]).toMatch(/ 12\/s$/)
    expect(lines[1]).toHaveLength(60)
    expect(lines[3]).toMatch(/^ {3}│ {2}└─ large\.to-http .*…$/)
    expect(Math.max(...lines.map((line) => line.length))).toBe(60)
  })

  test('a file is shown by its path', () => {
    const plan = topology('t').from(topic('a')).to(file('out/a.jsonl')).plan
    expect(tree(plan)).toContain('to-file  file out/a.jsonl')
  })
})

test('Mermaid: ways in and out are round, choices are diamonds, labels are quoted', () => {
  expect(`\n${mermaid(shop.plan)}`).toBe(`
flowchart LR
  c0(["from-orders<br/>topic orders"])
  c1{"route"}
  c2["large.enrich<br/>8 at once"]
  c3(["large.to-http<br/>http https://team.example/#quot;hook#quot;"])
  c4["rest.keyBy"]
  c5["rest.count<br/>count each 1m, ×2"]
  c6(["rest.to-counts<br/>topic counts"])
  c0 --> c1
  c1 -->|"large"| c2
  c2 --> c3
  c1 -->|"rest"| c4
  c4 -->|"by key"| c5
  c5 -->|"by key"| c6
`)
})

test.each([
  [250, '250ms'],
  [1000, '1s'],
  [90_000, '90s'],
  [3_600_000, '1h'],
  [604_800_000, '7d'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})
