// What a user gets: all packages built, packed, installed in an empty folder, type-checked and started from there.

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../tools/run.ts'

// As on a user's machine: nothing asks for sources, and the path knows nothing of this repo's tools but its Node.
const { NODE_OPTIONS: _, ...env } = process.env
const path = [dirname(process.execPath), env['PATH']].join(':')

let folder: string

async function run(command: string, args: readonly string[], cwd = folder): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd, env: { ...env, PATH: path } })
  return stdout.trim()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-published-'))
  await run(process.execPath, ['node_modules/@typescript/native/bin/tsc', '-b', 'tsconfig.build.json'], root)
  await run('npm', ['pack', '--workspaces', '--pack-destination', folder, '--loglevel=error'], root)
  const tarballs = (await readdir(folder)).map((file) => `./${file}`)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  await run('npm', [
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...tarballs,
  ])
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('a topology compiles and runs on the published packages', async () => {
  await writeFile(
    join(folder, 'orders.ts'),
    `import { topic, topology } from 'heddle'
     const orders = topology('orders').from(topic<{ total: number }>('orders')).filter((e) => e.data.total > 0).to(topic('paid'))
     console.log(orders.plan.name)`,
  )
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
  const types = join(root, 'node_modules/@types')
  const options = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--strict',
    '--noEmit',
    '--skipLibCheck',
    'false',
  ]
  await run(process.execPath, [tsc, ...options, '--typeRoots', types, '--types', 'node', 'orders.ts'])
  expect(await run(process.execPath, ['orders.ts'])).toBe('orders')
})

test('the command line starts', async () => {
  expect(await run(process.execPath, ['node_modules/.bin/heddle', '--version'])).toMatch(
    /^(heddle )?\d+\.\d+\.\d+/,
  )
})
