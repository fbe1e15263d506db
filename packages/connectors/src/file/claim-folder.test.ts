import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimFolder } from './claim-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-claims-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('keeps a payload under any id, and again under the same', async () => {
  const path = join(folder, 'a', 'b')
  const store = claimFolder(path)
  const id = '../orders/0/17:checkIn:0'
  await store.put(id, '"first"')
  await store.put(id, '"again"')
  expect(await claimFolder(path).get(id)).toBe('"again"')
  expect(await store.get('other')).toBe(undefined)
  expect(readdirSync(path).length).toBe(1)
  expect(readdirSync(folder)).toEqual(['a'])
})

test('deletes what is too old', async () => {
  await claimFolder(folder).put('old', '1')
  await claimFolder(folder).put('new', '2')
  const [old] = readdirSync(folder)
  const hourAgo = Date.now() / 1000 - 3600
  utimesSync(join(folder, old!), hourAgo, hourAgo)
  await claimFolder(folder, { keep: '10m' }).put('third', '3')
  expect(readdirSync(folder).length).toBe(2)
  expect(readdirSync(folder)).not.toContain(old)
})
