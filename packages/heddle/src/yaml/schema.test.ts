import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { format } from './load-yaml.ts'

const committed = new URL('../../../../docs/reference/topology.schema.json', import.meta.url)
const validate = new Ajv({ strict: false }).compile(format.schema)

test('the JSON Schema in docs/reference is that of the format', () => {
  // If not: npx heddle yaml-schema > docs/reference/topology.schema.json && npx oxfmt docs/reference/topology.schema.json
  expect(JSON.parse(readFileSync(committed, 'utf8'))).toEqual(format.schema)
})

test('the reference names every field and step', () => {
  const page = readFileSync(new URL('../../../../docs/reference/yaml.md', import.meta.url), 'utf8')
  const names = new Set<string>()
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    for (const [key, value] of Object.entries(part)) {
      if (key === 'properties') for (const name of Object.keys(value as object)) names.add(name)
      visit(value)
    }
  }
  visit(format.schema)
  expect(
    [...names].filter((name) => !new RegExp(`[\`{ .,]${name.replace('$', '\\$')}[\`:,} ]`).test(page)),
  ).toEqual([])
})

const file = (steps: string, rest = 'to: out'): unknown =>
  parse(`topology: t\nfrom: in\nsteps:\n${steps.replaceAll(/^/gm, '  ')}\n${rest}`)

test.each(Object.entries(format.kinds))('it takes %s', (word, { example }) => {
  const ends = ['route', 'recipientList', 'toEach'].includes(word)
  validate(file(example, ends ? '' : 'to: out'))
  expect(validate.errors).toBeNull()
})

test.each([
  [
    'an output',
    file(
      '- filter: true',
      'to: [a, { topic: b, name: c }, { http: { url: "https://x.example", timeout: 1s } }, { file: a.jsonl }]',
    ),
  ],
  [
    'options',
    file('- filter: true\n  name: x\n  parallelism: 2\n  retry: { initial: 1s }\n  onError: { to: broken }'),
  ],
  [
    'tests',
    file(
      '- filter: true',
      'to: out\ntests: [{ name: a, publish: { in: [{ data: 1 }] }, advance: 1m, expect: { out: [] }, next: [{ sent: { http: [] } }] }]',
    ),
  ],
])('it takes %s', (_, value) => {
  validate(value)
  expect(validate.errors).toBeNull()
})

test.each([
  ['no source', { topology: 't', to: 'out' }],
  ['a step that is not there', file('- fliter: true')],
  ['an option that is not there', file('- filter: true\n  paralelism: 2')],
  ['a wrong duration', file('- dedupe: { by: event.id, within: 1 }')],
  ['two windows at once', file('- window: { tumbling: 1m, hopping: 2m, count: true }')],
  ['a branch without a condition', file('- route: { a: { to: x } }', '')],
  ['an output that is not there', file('- filter: true', 'to: { ftp: x }')],
])('it refuses %s', (_, value) => {
  expect(validate(value)).toBe(false)
})
