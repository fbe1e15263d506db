import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalCopy, type Place } from './local-copy.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-copy-'))
  path = join(folder, 'state', 'a')
})
afterEach(() => rm(folder, { recursive: true }))

const place: Place = { topicId: 'id', offset: 10, at: 1000 }
const bytes = (text: string): Buffer => Buffer.from(text)
const contents = (copy: LocalCopy): string[] =>
  [...copy.entries()].map(([key, value]) => `${key}=${Buffer.from(value).toString()}`)

test('takes changes with the place that they lead to, and has them when it is opened again', async () => {
  const copy = LocalCopy.create(path, place)
  const changes = [
    [bytes('b'), bytes('1')],
    [bytes('a'), bytes('2')],
    [bytes(''), bytes('3')],
    [bytes('b'), null],
  ] as const
  expect(copy.apply(changes, 10, 14, 2000)).toBe(true)
  expect([contents(copy), copy.size, copy.place]).toMatchObject([['=3', 'a=2'], 2, { offset: 14, at: 2000 }])
  await copy.close()
  const again = LocalCopy.find(path)!
  expect([contents(again), again.place]).toMatchObject([
    ['=3', 'a=2'],
    { topicId: 'id', offset: 14, at: 2000 },
  ])
  await again.close()
})

test('is never led past a gap, nor back', async () => {
  const copy = LocalCopy.create(path, place)
  expect(copy.apply([[bytes('a'), bytes('missed')]], 11, 12, 2000)).toBe(false)
  expect(copy.apply([[bytes('a'), bytes('new')]], 10, 20, 2000)).toBe(true)
  expect(copy.apply([[bytes('a'), bytes('old')]], 10, 15, 3000)).toBe(true)
  expect([contents(copy), copy.place]).toMatchObject([['a=new'], { offset: 20, at: 3000 }])
  await copy.close()
})

test('is shared by two that have it open: each sees what the other has taken', async () => {
  const one = LocalCopy.create(path, place)
  const other = LocalCopy.find(path)!
  one.apply([[bytes('a'), bytes('1')]], 10, 11, 2000)
  expect(other.apply([[bytes('a'), bytes('again')]], 10, 11, 2000)).toBe(true)
  expect(other.apply([[bytes('b'), bytes('2')]], 11, 12, 2000)).toBe(true)
  expect([contents(one), one.place.offset]).toEqual([['a=1', 'b=2'], 12])
  await one.close()
  // It was on disk as closed in order; what is written next is not.
  expect(use(path)).toBe('closed')
  other.apply([[bytes('c'), bytes('3')]], 12, 13, 2000)
  expect(use(path)).not.toBe('closed')
  await other.close()
  expect(use(path)).toBe('closed')
})

test('is made by two at the same time', async () => {
  const [one, other] = [LocalCopy.create(path, place), LocalCopy.create(path, place)]
  expect(one.apply([[bytes('a'), bytes('1')]], 10, 11, 2000)).toBe(true)
  expect(LocalCopy.create(path, place).place.offset).toBe(11)
  expect(other.apply([[bytes('b'), bytes('2')]], 11, 12, 2000)).toBe(true)
  expect(contents(one)).toEqual(['a=1', 'b=2'])
  await Promise.all([one.release(), other.release()])
})

test('that was deleted is whole for whoever has it open, and another one can be made', async () => {
  const one = LocalCopy.create(path, place)
  one.apply([[bytes('a'), bytes('1')]], 10, 11, 2000)
  LocalCopy.delete(path)
  LocalCopy.delete(path)
  const other = LocalCopy.create(path, place)
  one.apply([[bytes('b'), bytes('2')]], 11, 12, 2000)
  expect([contents(one), contents(other)]).toEqual([['a=1', 'b=2'], []])
  await Promise.all([one.release(), other.release()])
})

const use = (file: string): string => readFileSync(join(file, 'boot'), 'utf8')

test.each([
  ['in use in this boot, by a process that was killed', undefined, true],
  ['closed in order', 'closed', true],
  ['in use in another boot', 'other', false],
  ['of which this is not known', '', false],
])('one that was %s is gone on with, or not', async (_, boot, usable) => {
  const copy = LocalCopy.create(path, place)
  copy.apply([[bytes('a'), bytes('1')]], 10, 11, 2000)
  await (boot === 'closed' ? copy.close() : copy.release())
  if (boot !== undefined && boot !== 'closed') await writeFile(join(path, 'boot'), boot)
  const found = LocalCopy.find(path)
  expect(found && contents(found)).toEqual(usable ? ['a=1'] : undefined)
  await found?.release()
  expect(await readdir(join(folder, 'state'))).toEqual(usable ? ['a'] : [])
})

test('what is no copy is done without', async () => {
  const copy = LocalCopy.create(path, place)
  await copy.close()
  await writeFile(join(path, 'data.lmdb'), 'not a tree at all')
  expect(LocalCopy.find(path)).toBeUndefined()
  expect(LocalCopy.find(path)).toBeUndefined()
})
