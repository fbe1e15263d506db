import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HeddleError, ManualClock, isHeddleError } from '@heddle/core'
import { open } from 'lmdb'
import { expect, test } from 'vitest'
import type { CommitMessage, LogMessages } from './channels.ts'
import { openEmbeddedLog } from './embedded-log.ts'
import { batchKey, nameKey } from './keys.ts'
import { withFolder } from './testing/with-folder.ts'

const at = (offset: number, partition = 0) => ({ topic: 't', partition, offset })
const code = (expected: string) => (error: unknown) => isHeddleError(error) && error.code === expected

/** Changes what is stored, behind the log's back. */
async function tamper(path: string, change: (tree: ReturnType<typeof raw>) => void): Promise<void> {
  const tree = raw(path)
  await tree.transaction(() => change(tree))
  await tree.close()
}
const raw = (path: string) =>
  open<Buffer, Buffer>({
    path: join(path, 'log.lmdb'),
    noSubdir: true,
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
  })

async function heard<Name extends keyof LogMessages>(
  name: Name,
  run: () => Promise<unknown>,
): Promise<LogMessages[Name][]> {
  const messages: LogMessages[Name][] = []
  const listener = (message: unknown): void => void messages.push(message as LogMessages[Name])
  subscribe(name, listener)
  try {
    await run()
  } finally {
    unsubscribe(name, listener)
  }
  return messages
}

test('opening a folder twice in a process shares the log, which closes with the last handle', () =>
  withFolder(async (path) => {
    // Written differently, and not there yet.
    const paths = [join(path, 'a', 'b'), `${path}/a/./b`]
    const [one, two] = await Promise.all(paths.map((path) => openEmbeddedLog({ path })))
    await one!.createTopic({ name: 't', partitions: 1 })
    const reading = two!.read([at(0)], { waitMs: 10_000 })
    await one!.append('t', [{ value: 'shared' }])
    expect(await reading).toHaveLength(1)
    await one!.close()
    await expect(one!.append('t', [{ value: 'x' }])).rejects.toSatisfy(code('HEDDLE_LOG_CLOSED'))
    expect(await two!.append('t', [{ value: 'still' }])).toEqual([{ partition: 0, offset: 1 }])
    await two!.close()
  }))

test('closing keeps what was called before, and ends reads that wait', () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 't', partitions: 1 })
    const appending = log.append('t', [{ value: 'last' }])
    await appending
    const reading = log.read([at(1)], { waitMs: 60_000 }).catch((error: unknown) => error)
    const other = log.append('t', [])
    await log.close()
    expect(await other).toEqual([])
    expect(code('HEDDLE_LOG_CLOSED')(await reading)).toBe(true)
    const again = await openEmbeddedLog({ path })
    expect(await again.read([at(0)])).toHaveLength(1)
    await again.close()
  }))

test('a folder of another format is refused, and says which formats are known', () =>
  withFolder(async (path) => {
    await (await openEmbeddedLog({ path })).close()
    await tamper(path, (tree) =>
      tree.putSync(nameKey('meta', 'format'), Buffer.from(JSON.stringify({ format: 9, by: '7.1.0' }))),
    )
    const error: unknown = await openEmbeddedLog({ path }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HeddleError)
    expect(error).toMatchObject({
      code: 'HEDDLE_LOG_FORMAT_UNKNOWN',
      detail: `${path} has format 9, written by Heddle 7.1.0, and this version knows 1`,
      info: { format: 9, known: [1] },
    })
  }))

test('a path that cannot be a folder is refused', () =>
  withFolder(async (path) => {
    await (await openEmbeddedLog({ path: join(path, 'a') })).close()
    await expect(openEmbeddedLog({ path: join(path, 'a', 'log.lmdb') })).rejects.toSatisfy(
      code('HEDDLE_LOG_OPEN_FAILED'),
    )
  }))

test('a damaged batch is told with its offsets, and all others stay readable', () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 't', partitions: 2 })
    for (let i = 0; i < 3; i++)
      await log.append('t', [
        { partition: 0, value: `${i}a` },
        { partition: 0, value: `${i}b` },
        { partition: 1, value: `${i}` },
      ])
    await log.close()
    await tamper(path, (tree) => {
      const key = batchKey(1, 0, 2)
      const bytes = Buffer.from(tree.get(key)!)
      bytes[bytes.length - 1]! ^= 1
      tree.putSync(key, bytes)
    })
    const again = await openEmbeddedLog({ path })
    const before = await again.read([at(0)])
    expect(before[0]?.records).toHaveLength(2)
    expect(before[0]?.nextOffset).toBe(2)
    const messages = await heard('heddle:log:corrupt', async () => {
      await expect(again.read([at(3)])).rejects.toMatchObject({
        code: 'HEDDLE_LOG_CORRUPT',
        info: { topic: 't', partition: 0, offset: 2, lastOffset: 3, nextOffset: 4 },
      })
    })
    expect(messages).toMatchObject([{ topic: 't', partition: 0, offset: 2, nextOffset: 4 }])
    expect((await again.read([at(4)]))[0]?.records.map(({ value }) => String(value))).toEqual(['2a', '2b'])
    expect((await again.read([at(0, 1)]))[0]?.records).toHaveLength(3)
    expect(await again.append('t', [{ partition: 0, value: 'next' }])).toEqual([{ partition: 0, offset: 6 }])
    // Deduplication, which reads back, is not stopped by it either.
    await again.append(
      't',
      [
        {
          partition: 0,
          value: 'x',
          headers: [
            ['ce_id', '1'],
            ['ce_source', '/'],
          ],
        },
      ],
      { dedupe: true },
    )
    await again.maintain()
    await again.close()
  }))

test('a full log refuses appends, keeps what it has, and takes more once there is room', () =>
  withFolder(async (path) => {
    const clock = new ManualClock(1_000_000)
    const log = await openEmbeddedLog({ path, clock, maxBytes: 100_000 })
    await log.createTopic({ name: 't', partitions: 1, retention: { ms: 60_000 } })
    const value = 'x'.repeat(10_000)
    let acknowledged = 0
    const error = await (async () => {
      for (;;) {
        try {
          await log.append('t', [{ value }])
          acknowledged++
        } catch (thrown) {
          return thrown
        }
      }
    })()
    expect(error).toMatchObject({ code: 'HEDDLE_LOG_DISK_FULL', kind: 'retryable' })
    expect(acknowledged).toBe(9)
    expect((await log.read([at(0)]))[0]?.records).toHaveLength(9)
    // What is smaller than the room that is left still goes in, and so does what is no append.
    await log.append('t', [{ value: 'small' }])
    const store = await log.store('s')
    const transactor = await log.transactor('x')
    const transaction = transactor.begin()
    transaction.put(store, 'k', Buffer.from('v'))
    await transaction.commit()
    await clock.advance(61_000)
    await log.maintain()
    expect(await log.append('t', [{ value }])).toEqual([{ partition: 0, offset: 10 }])
    await log.close()
  }))

test(
  'a window written ten times over takes no more room than it needs',
  () =>
    withFolder(async (path) => {
      const log = await openEmbeddedLog({ path, maintenanceMs: 0 })
      await log.createTopic({ name: 't', partitions: 1, retention: { bytes: 4_000_000 } })
      const records = Array.from({ length: 100 }, () => ({ value: 'x'.repeat(1000) }))
      const sizes: number[] = []
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i < 40; i++) {
          await log.append('t', records)
          if (i % 10 === 9) await log.maintain()
        }
        sizes.push((await stat(join(path, 'log.lmdb'))).size)
      }
      const [info] = await log.partitions('t')
      expect(info!.bytes).toBeLessThan(4_300_000)
      expect(sizes.at(-1)).toBe(sizes[4])
      expect(sizes.at(-1)).toBeLessThan(2.5 * info!.bytes)
      await log.close()
    }),
  60_000,
)

test('appends that are called together share a commit, and a batch', () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 't', partitions: 1 })
    const commits: CommitMessage[] = await heard('heddle:log:commit', async () => {
      await Promise.all(Array.from({ length: 64 }, (_, i) => log.append('t', [{ value: `${i}` }])))
    })
    expect(commits.reduce((sum, { records }) => sum + records, 0)).toBe(64)
    expect(commits.length).toBeLessThanOrEqual(2)
    expect(commits.reduce((sum, { batches }) => sum + batches, 0)).toBe(commits.length)
    await log.close()
  }))

test('retention runs by itself, by the clock', () =>
  withFolder(async (path) => {
    const clock = new ManualClock(1_000_000)
    const log = await openEmbeddedLog({ path, clock, maintenanceMs: 1000 })
    await log.createTopic({ name: 't', partitions: 1, retention: { ms: 5000 } })
    await log.append('t', [{ value: 'old' }])
    const gone = new Promise((resolve) => subscribe('heddle:log:retention', resolve))
    await clock.advance(7000, () => new Promise((resolve) => setImmediate(resolve)))
    expect(await gone).toMatchObject({ topic: 't', partition: 0, reason: 'ms', batches: 1, earliest: 1 })
    expect(await log.partitions('t')).toMatchObject([{ earliest: 1, latest: 1, bytes: 0 }])
    await log.close()
  }))

test('a deleted topic leaves no bytes behind', () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path, maxBytes: 100_000 })
    await log.createTopic({ name: 't', partitions: 1 })
    await log.append('t', [{ value: 'x'.repeat(80_000) }])
    await log.deleteTopic('t')
    await log.maintain()
    await log.createTopic({ name: 't', partitions: 1 })
    expect(await log.append('t', [{ value: 'x'.repeat(80_000) }])).toEqual([{ partition: 0, offset: 0 }])
    await log.close()
  }))

test('an identity is forgotten after the window, and known within it', () =>
  withFolder(async (path) => {
    const clock = new ManualClock(1_000_000)
    const log = await openEmbeddedLog({ path, clock, maintenanceMs: 0 })
    await log.createTopic({ name: 't', partitions: 1, dedupe: { ms: 1000, ids: 100 } })
    const record = {
      value: 'x',
      headers: [
        ['ce_id', '1'],
        ['ce_source', '/'],
      ] as const,
    }
    const append = async () => (await log.append('t', [record], { dedupe: true }))[0]
    expect(await append()).toEqual({ partition: 0, offset: 0 })
    await clock.advance(1000)
    expect(await append()).toEqual({ partition: 0, offset: 0, duplicate: true })
    await clock.advance(1)
    expect(await append()).toEqual({ partition: 0, offset: 1 })
    await log.close()
  }))

test('a tombstone outlives its key for a while, and then goes too', () =>
  withFolder(async (path) => {
    const clock = new ManualClock(1_000_000)
    const log = await openEmbeddedLog({ path, clock, maintenanceMs: 0, tombstoneMs: 1000 })
    await log.createTopic({ name: 't', partitions: 1, compaction: true })
    await log.append('t', [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ])
    await log.append('t', [{ key: 'a', value: null }])
    await log.maintain()
    const keys = async () =>
      (await log.read([at(0)])).flatMap(({ records }) =>
        records.map(({ key, value }) => [String(key), value === null]),
      )
    expect(await keys()).toEqual([
      ['b', false],
      ['a', true],
    ])
    await clock.advance(2000)
    await log.append('t', [{ key: 'c', value: '3' }])
    await log.maintain()
    expect(await keys()).toEqual([
      ['b', false],
      ['c', false],
    ])
    await log.close()
  }))

test('a member that is not heard of loses its partitions, and hears of it', () =>
  withFolder(async (path) => {
    const clock = new ManualClock(1_000_000)
    const log = await openEmbeddedLog({ path, clock, maintenanceMs: 0 })
    await log.createTopic({ name: 't', partitions: 2 })
    // Commits come one after the other, so that all which were asked for before this one are on disk after it: of a beat, and of the
    // step that may follow. Time must not go on before, or members that are only slow would be taken for gone.
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) await log.append('t', [{ value: 'barrier' }])
    }
    const lost: unknown[] = []
    let hang = false
    let release: () => void = () => {}
    const stuck = await log.joinGroup({
      group: 'g',
      topics: ['t'],
      member: 'stuck',
      sessionTimeoutMs: 3000,
      // Says nothing more while it is asked to give up: it hangs.
      onRevoked: () => (hang ? new Promise<void>((resolve) => (release = resolve)) : undefined),
      onLost: (partitions) => void lost.push(...partitions),
    })
    await until(() => stuck.assignment.length === 2)
    hang = true
    const other = await log.joinGroup({ group: 'g', topics: ['t'], member: 'other', sessionTimeoutMs: 3000 })
    await until(async () => (await log.listGroups())[0]?.members.length === 2)
    expect(other.assignment).toHaveLength(0)
    await until(async () => {
      if (other.assignment.length < 2) await clock.advance(1000, settle)
      return other.assignment.length === 2
    })
    await expect(stuck.commit([{ topic: 't', partition: 0, offset: 1 }])).rejects.toSatisfy(
      code('HEDDLE_LOG_FENCED'),
    )
    hang = false
    release()
    await until(() => lost.length > 0)
    // It comes back as a new member.
    await until(() => stuck.assignment.length === 1)
    await log.close()
  }))

/**
 * Waits until it holds; a turn of the event loop at a time, so that nothing depends on how fast the machine is. Ends before the test
 * would time out: a loop that outlives its test keeps the event loop busy for all that follow.
 */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 4000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('what the test waits for does not come')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
