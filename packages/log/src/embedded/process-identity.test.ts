import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isGone, ownProcess } from './process-identity.ts'

test('this process is here, and one that has ended is gone', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(isGone(ownProcess)).toBe(false)
  expect(isGone({ ...ownProcess, pid: child.pid! })).toBe(true)
})

test('of a process elsewhere nothing is known', () => {
  expect(isGone({ pid: 2 ** 22 + 1, space: 'another machine', started: '' })).toBe(false)
})

test('a later process with the same pid is another', () => {
  expect(isGone({ ...ownProcess, pid: process.ppid, started: '1' })).toBe(process.platform === 'linux')
})
