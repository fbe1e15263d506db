import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Log, Store } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

const keys = 120_000
const canLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0

/** Writes changes of a store, some thousand in each transaction. */
async function fill(
  log: Log,
  name: string,
  changes: Iterable<readonly [string, string | null]>,
): Promise<void> {
  const store = await log.store(name)
  const transactor = await log.transactor(`fill-${name}`)
  let transaction = transactor.begin()
  let count = 0
  for (const [key, value] of changes) {
    transaction.put(store, key, value === null ? null : Buffer.from(value))
    if (++count % 5000 > 0) continue
    await transaction.commit()
    transaction = transactor.begin()
  }
  await transaction.commit()
  await transactor.close()
}

const digest = (store: Store): string[] =>
  [...store.entries()].map(([key, value]) => `${key}=${Buffer.from(value).toString()}`)

describe.runIf(servicesAvailable('kafka'))('state on Kafka', () => {
  let kafka: TestKafka
  let folder: string
  let run: string
  beforeAll(async () => {
    // Compaction as soon as there is something to compact.
    kafka = await startTestKafka({ properties: { 'log.cleaner.backoff.ms': 200 } })
    folder = await mkdtemp(join(tmpdir(), 'heddle-kafka-'))
    run = Date.now().toString(36)
  })
  afterAll(async () => {
    await kafka.stop()
    await rm(folder, { recursive: true })
  })
  const open = (machine: string, options: { readonly changelogSegmentBytes?: number } = {}): Promise<Log> =>
    openKafkaLog({
      brokers: kafka.brokers,
      statePath: join(folder, machine),
      restoreBufferBytes: 2 ** 20,
      ...options,
    })
  const start = (
    script: string,
    machine: string,
    name: string,
    prefix: readonly string[] = [],
  ): ChildProcess => {
    const [execPath = process.execPath, ...before] = prefix
    const node = prefix.length > 0 ? [process.execPath] : []
    return fork(
      fileURLToPath(new URL(script, import.meta.url)),
      [kafka.brokers.join(','), join(folder, machine), name],
      {
        execPath,
        execArgv: [...before, ...node, '--conditions=@heddle/source'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    )
  }

  it('of many keys is restored as it is, from nothing and from an old copy', async () => {
    const name = `many-${run}`
    const [here, there] = [await open('here'), await open('there')]
    const numbered = function* (from: number, to: number, value: string | null) {
      for (let i = from; i < to; i++) yield [`key-${i}`, value && `${value}-${i}`] as const
    }
    await fill(here, name, numbered(0, keys, 'first'))
    await fill(here, name, numbered(0, keys / 4, null))
    await fill(here, name, numbered(keys / 8, keys / 2, 'second'))
    const store = await here.store(name)
    expect([store.size(), digest(await there.store(name))]).toEqual([(7 * keys) / 8, digest(store)])

    // More than a thread is worth, on top of what is there.
    await fill(here, name, numbered(keys / 2, keys, 'third'))
    await fill(here, name, numbered(keys / 4, keys / 2, null))
    const records: number[] = []
    const again = await there.store(name, { progress: (progress) => records.push(progress.records) })
    expect([digest(again), records.at(-1)]).toEqual([digest(store), (3 * keys) / 4])
    await Promise.all([here.close(), there.close()])
  })

  it('is restored by a process that was killed at it again and again', async () => {
    const name = `many-${run}`
    for (const kill of [1, 2, 3]) {
      const child = start('restorer.ts', 'killed', name)
      let heard = 0
      child.on('message', () => ++heard === kill && child.kill('SIGKILL'))
      await once(child, 'exit')
    }
    const child = start('restorer.ts', 'killed', name)
    await once(child, 'exit')
    const [here, killed] = [await open('here'), await open('killed')]
    const records: number[] = []
    const store = await killed.store(name, { progress: (progress) => records.push(progress.records) })
    expect(digest(store)).toEqual(digest(await here.store(name)))
    expect(records.at(-1) ?? 0).toBe(0)
    await Promise.all([here.close(), killed.close()])
  })

  it('is compacted: whoever restores it reads little more than what is live', async () => {
    const name = `compacted-${run}`
    const log = await open('here', { changelogSegmentBytes: 2 ** 20 })
    const [live, rounds] = [100, 100]
    for (let round = 0; round < rounds; round++)
      await fill(
        log,
        name,
        Array.from({ length: live }, (_, i) => [`key-${i}`, `${round}`.padEnd(1000)] as const),
      )
    /** What a machine that has nothing of it has to read. */
    const readOn = async (machine: string): Promise<number> => {
      let read = 0
      const fresh = await open(machine)
      const store = await fresh.store(name, { progress: ({ records }) => (read = records) })
      expect([store.size(), Buffer.from(store.get('key-7')!).toString().trim()]).toEqual([
        live,
        `${rounds - 1}`,
      ])
      await fresh.close()
      return read
    }
    let looks = 0
    while ((await readOn(`fresh-${looks++}`)) > (live * rounds) / 4);
    await log.close()
  })

  it.runIf(canLimit)('tells of a full disk, and has all that was committed once there is room', async () => {
    const child = start('state-filler.ts', 'full', `full-${run}`, [
      'prlimit',
      '--fsize=2000000:unlimited',
      '--',
    ])
    const [said] = (await once(child, 'message')) as [{ full: string; again: string; acknowledged: number }]
    expect(said).toMatchObject({ full: 'HEDDLE_LOG_DISK_FULL', again: 'HEDDLE_LOG_DISK_FULL' })
    expect(spawnSync('prlimit', ['--pid', `${child.pid}`, '--fsize=100000000']).status).toBe(0)
    child.send('go on')
    const [after] = (await once(child, 'message')) as [{ there: number; acknowledged: number; size: number }]
    // That of the transaction that was told of it is committed too.
    expect(after.there).toBe(said.acknowledged + 1)
    expect(after.size).toBe(after.acknowledged)
    await once(child, 'exit')
  })
})
