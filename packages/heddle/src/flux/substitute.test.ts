import { expect, test } from 'vitest'
import { parseProperties } from './properties.ts'
import { substitute } from './substitute.ts'

const properties = parseProperties(`
# a comment
! another
tasks = 3
brokers: one:9092,\\
         two:9092
list=["a", "b"]
odd\\ name \\u0041\\tB
empty=
`)

test('properties are read as Java writes them', () => {
  expect([...properties]).toEqual([
    ['tasks', '3'],
    ['brokers', 'one:9092,two:9092'],
    ['list', '["a", "b"]'],
    ['odd name', 'A\tB'],
    ['empty', ''],
  ])
})

test('names are replaced by their values, of properties, lists in them, and the environment', () => {
  const text = `# \${no}: a comment
a: \${tasks}
b: "\${list[1]} and \${ENV-HOME}"`
  expect(substitute(text, 'f.yaml', { properties, env: { HOME: '/h' } })).toEqual({
    text: `# \${no}: a comment
a: 3
b: "b and /h"`,
    mistakes: [],
  })
})

test('what has no value is told with its place', () => {
  const { mistakes } = substitute('a: 1\nb: ${none} ${ENV-NONE}', 'f.yaml', { properties, env: {} })
  expect(mistakes).toEqual([
    {
      message: "there is no property 'none': name the file that has it with --filter",
      place: 'f.yaml:2:4',
      excerpt: 'b: ${none} ${ENV-NONE}\n   ^^^^^^^',
    },
    {
      message: 'there is no environment variable NONE',
      place: 'f.yaml:2:12',
      excerpt: 'b: ${none} ${ENV-NONE}\n           ^^^^^^^^^^^',
    },
  ])
})
