import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operators } from './table.ts'

const folder = new URL('../../../../docs/reference/operators/', import.meta.url)
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'))
const textOf = (page: string): string => readFileSync(new URL(page, folder), 'utf8')
/** Operators that a page says it is about, in its front matter. */
const about = (page: string): readonly string[] =>
  /^---\noperators: \[(.*)\]\n---/.exec(textOf(page))?.[1]?.split(', ').filter(Boolean) ?? []

test('every operator has a page, and pages are about operators that there are', () => {
  const told = [...new Set(pages.flatMap(about))]
  expect(told.toSorted()).toEqual([...operators.keys(), 'topic'].toSorted())
})

test('every page has an example, and is in the index', () => {
  const index = textOf('index.md')
  const others = pages.filter((name) => name !== 'index.md')
  expect(others.filter((page) => !textOf(page).includes('\n```ts\n'))).toEqual([])
  expect(others.filter((page) => !index.includes(`(${page})`))).toEqual([])
})
