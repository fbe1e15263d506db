import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { type Program, start, withFolder } from './processes.ts'

interface Said {
  readonly full?: string
  readonly again?: string
  readonly acknowledged: number
  readonly readable: number
}

const heard = (program: Program, count: number): Promise<Said[]> =>
  program.until((said) => said.length >= count && [...(said as Said[])])

/** Runs the filler until it is full, makes room, and sees it go on. */
async function fillAndGoOn(program: Program, makeRoom: () => void): Promise<number> {
  try {
    const [full, again] = await heard(program, 2)
    expect(full).toMatchObject({ full: 'HEDDLE_LOG_DISK_FULL', readable: full!.acknowledged })
    expect(again).toEqual({ again: 'HEDDLE_LOG_DISK_FULL' })
    makeRoom()
    program.say('go on')
    const [, , after] = await heard(program, 3)
    expect(after).toEqual({ acknowledged: full!.acknowledged + 2, readable: full!.acknowledged + 2 })
    return after!.acknowledged
  } finally {
    await program.kill()
  }
}

async function expectKept(path: string, count: number): Promise<void> {
  const log = await openEmbeddedLog({ path })
  expect((await log.partitions('t'))[0]?.latest).toBe(count)
  await log.close()
}

const run = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const mount = (path: string): boolean => run('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path)

/** Only root may, and not everywhere. */
function tryMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
  const mounted = process.platform === 'linux' && mount(path)
  if (mounted) run('umount', path)
  rmSync(path, { recursive: true })
  return mounted
}

test.skipIf(!tryMount())('a full disk is told, loses nothing, and is written again once it has room', () =>
  withFolder(async (path) => {
    expect(mount(path)).toBe(true)
    try {
      const program = start('filler.ts', { path })
      const count = await fillAndGoOn(program, () => {
        expect(run('mount', '-o', 'remount,size=8m', path)).toBe(true)
      })
      await expectKept(path, count)
    } finally {
      run('umount', path)
    }
  }),
)

const canLimit = process.platform === 'linux' && run('prlimit', '--version')

test.skipIf(!canLimit)('a limit on the size of files is a full disk, too', () =>
  withFolder(async (path) => {
    const program = start('filler.ts', { path }, ['prlimit', '--fsize=2000000:unlimited', '--'])
    const count = await fillAndGoOn(program, () => {
      expect(run('prlimit', '--pid', `${program.process.pid}`, '--fsize=20000000')).toBe(true)
    })
    await expectKept(path, count)
  }),
)
