import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fromTopic, isHeddleError, shell, topology } from '@heddle/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { programFiles } from './programs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-programs-'))
  mkdirSync(join(folder, 'here/lib/deep'), { recursive: true })
  for (const name of ['echo.sh', 'lib/a', 'lib/deep/b']) writeFileSync(join(folder, 'here', name), name)
})
afterEach(() => rmSync(folder, { recursive: true }))

const planOf = (...args: Parameters<typeof shell>) => {
  const t = topology.graph('t')
  t.bolt('its one', shell(...args)).shuffle(t.spout('in', fromTopic('in'), { fields: ['x'] }))
  return t.plan
}

test('files and folders of a program travel, and a script starts it among them', async () => {
  const words = ['-c', 'cat lib/a; printf " %s %s" "$SAID" "$1"', 'sh', "it's"]
  const options = { cwd: join(folder, 'here'), files: ['echo.sh', 'lib'], env: { SAID: 'so $x' } }
  const files = await programFiles(planOf('sh', words, options))
  expect(files.map(({ name }) => name).sort()).toEqual([
    'programs/its one.sh',
    'programs/its one/echo.sh',
    'programs/its one/lib/a',
    'programs/its one/lib/deep/b',
  ])
  const there = join(folder, 'there')
  for (const { name, bytes } of files) {
    mkdirSync(dirname(join(there, name)), { recursive: true })
    writeFileSync(join(there, name), bytes)
  }
  const said = execFileSync('sh', ['programs/its one.sh'], { cwd: there, encoding: 'utf8' })
  expect(said).toBe("lib/a so $x it's")
})

test.each([
  ['nothing', /a file of 'its one' cannot be read.*ENOENT/],
  ['../there', /'\.\.\/there' is not in/],
])('%s cannot travel', async (file, why) => {
  const refused: unknown = await programFiles(
    planOf('sh', [], { cwd: join(folder, 'here'), files: [file] }),
  ).catch((error: unknown) => error)
  expect(isHeddleError(refused, 'HEDDLE_MODULE_INVALID') && refused.detail).toMatch(why)
})
