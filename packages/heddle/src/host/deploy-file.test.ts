import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deployFile, foldersOf } from './deploy-file.ts'

let folder: string
let engine: Engine
let close: () => Promise<void>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-deploy-'))
  mkdirSync(join(folder, 'mine'))
  const log = await openMemoryLog()
  engine = localEngine({ log })
  close = async () => {
    await engine.close()
    await log.close()
  }
})

afterEach(async () => {
  await close()
  rmSync(folder, { recursive: true })
})

const at = (...names: readonly string[]): string => join(folder, ...names)
const options = { dryRun: false, waitMs: 1000, by: 'me' }

/** Two topologies; what the second one is called by decides whether its state fits. */
const write = (file: string, step = 'once'): void =>
  writeFileSync(
    file,
    `import { topic, topology } from ${JSON.stringify(import.meta.resolve('@heddle/core'))}
export default [
  topology('a').from(topic('in')).map((e) => e, { name: ${JSON.stringify(`each-${step}`)} }).to(topic('out')),
  topology('b').from(topic('in')).dedupe({ by: (e) => e.id, within: '1h', name: ${JSON.stringify(step)} }).to(topic('out')),
]
`,
  )

test('starts what does not run, and puts a new version in the place of what does', async () => {
  write(at('mine', 't.ts'))
  const first = await deployFile(engine, at('mine', 't.ts'), [at('mine')], options)
  expect(first).toMatchObject([
    { topology: 'a', diff: undefined, status: { state: 'active' } },
    { topology: 'b', diff: undefined, status: { state: 'active' } },
  ])
  write(at('mine', 't.ts'), 'twice')
  const rename = ['b/once=twice']
  const second = await deployFile(engine, at('mine', 't.ts'), [at('mine')], { ...options, rename })
  expect(second.map(({ diff }) => diff?.conflicts)).toEqual([[], []])
  expect((await engine.history('b')).map(({ by }) => by)).toEqual(['me', 'me'])
})

test('when one of them cannot take over, none does', async () => {
  write(at('mine', 't.ts'))
  await deployFile(engine, at('mine', 't.ts'), [at('mine')], options)
  write(at('mine', 't.ts'), 'twice')
  await expect(deployFile(engine, at('mine', 't.ts'), [at('mine')], options)).rejects.toMatchObject({
    code: 'HEDDLE_UPGRADE_INCOMPATIBLE',
    detail: expect.stringContaining(`'once' has state`),
  })
  expect(await engine.history('a')).toHaveLength(1)
  expect((await engine.describe('a')).plan.components.map(({ id }) => id)).toContain('each-once')
})

test('takes files of its folders only, wherever links lead', async () => {
  write(at('other.ts'))
  symlinkSync(at('other.ts'), at('mine', 'link.ts'))
  for (const path of [
    at('other.ts'),
    at('mine', 'link.ts'),
    at('mine', '..', 'other.ts'),
    at('mine', 'no.ts'),
  ])
    await expect(deployFile(engine, path, [at('mine')], options)).rejects.toMatchObject({
      code: 'HEDDLE_DEPLOY_FORBIDDEN',
    })
  await expect(deployFile(engine, at('other.ts'), [], options)).rejects.toMatchObject({
    detail: expect.stringContaining('without topology files'),
  })
  expect(await engine.list()).toEqual([])
})

test('the folders of a host are those of its files', () => {
  write(at('mine', 't.ts'))
  expect(foldersOf([at('mine'), at('mine', 't.ts'), at('x.ts')])).toEqual([at('mine'), folder])
})
