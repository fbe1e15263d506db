import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@heddle/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileWatcher } from './file-watcher.ts'

let folder: string
let watcher: FileWatcher
let changes: string[][]
let told: () => void

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-watch-')))
  changes = []
  watcher = new FileWatcher({
    clock: systemClock,
    quietMs: 5,
    async onChange(changed) {
      changes.push([...changed])
      told()
    },
  })
})
afterEach(async () => {
  await watcher.close()
  rmSync(folder, { recursive: true, force: true })
})

const path = (name: string): string => join(folder, name)
/** Does something, and waits until a change is told. */
const afterChange = (act: () => void): Promise<void> =>
  new Promise((resolve) => {
    told = resolve
    act()
  })

test('tells a file that has other content', async () => {
  writeFileSync(path('a'), '1')
  writeFileSync(path('b'), '1')
  watcher.watch([path('a'), path('b')], [])
  await afterChange(() => writeFileSync(path('a'), '2'))
  expect(changes).toEqual([[path('a')]])
})

test('a file that is replaced by another, as editors do, is told, and again', async () => {
  writeFileSync(path('a'), '1')
  watcher.watch([path('a')], [])
  for (const text of ['2', '3']) {
    writeFileSync(path('a.tmp'), text)
    await afterChange(() => renameSync(path('a.tmp'), path('a')))
  }
  expect(changes).toEqual([[path('a')], [path('a')]])
})

test('a file that is written with what it had, or that nobody watches, is not told', async () => {
  writeFileSync(path('a'), '1')
  watcher.watch([path('a')], [])
  writeFileSync(path('a'), '1')
  writeFileSync(path('other'), '1')
  await afterChange(() => writeFileSync(path('a'), '2'))
  expect(changes).toEqual([[path('a')]])
})

test('a new file in a watched folder is told without a name', async () => {
  watcher.watch([], [folder])
  await afterChange(() => writeFileSync(path('new'), '1'))
  expect(changes).toEqual([[]])
})

test('a file that goes and comes back', async () => {
  writeFileSync(path('a'), '1')
  watcher.watch([path('a')], [])
  await afterChange(() => rmSync(path('a')))
  await afterChange(() => writeFileSync(path('a'), '1'))
  expect(changes).toEqual([[path('a')], [path('a')]])
})
