import { spawnSync } from 'node:child_process'
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { start, withFolder } from './processes.ts'
import { type Call, readTrace } from './trace.ts'

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
const sector = 512

/** A generator of numbers from 0 to 1 that gives the same ones in each run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** What a file may hold when the power is cut after `upTo` calls: all that was synced, and of the rest any sectors. */
function afterPowerCut(calls: readonly Call[], upTo: number, chance: () => number): Buffer {
  const past = calls.slice(0, upTo)
  let synced = 0
  for (const call of past) if (call.kind === 'sync') synced = Math.max(synced, call.began)
  const writes = past.map((call, index) => ({ call, index })).filter(({ call }) => call.kind === 'write')
  const length = Math.max(
    0,
    ...writes.map(({ call }) => (call.kind === 'write' ? call.at + call.bytes.length : 0)),
  )
  const image = Buffer.alloc(length)
  for (const { call, index } of writes) {
    if (call.kind !== 'write') continue
    if (call.synced || index < synced) {
      call.bytes.copy(image, call.at)
      continue
    }
    // The disk writes sectors as a whole, in any order.
    const kept = chance()
    for (let at = 0; at < call.bytes.length; at += sector)
      if (chance() < kept) call.bytes.copy(image, call.at + at, at, Math.min(call.bytes.length, at + sector))
  }
  return image
}

test.skipIf(!canTrace)('whenever the power is cut, all that was acknowledged is there', () =>
  withFolder(async (folder) => {
    const base = await realpath(folder)
    const path = join(base, 'log')
    const acks = join(base, 'acks')
    const trace = join(base, 'trace')
    await mkdir(path)
    const data = join(path, 'log.lmdb')
    const appends = 120
    const watched = 'trace=openat,lseek,write,writev,pwrite64,pwritev,fdatasync,fsync'
    const strace = [
      'strace',
      '-f',
      '-y',
      '-xx',
      '-s',
      '1000000',
      '-o',
      trace,
      '-e',
      watched,
      '-P',
      data,
      '-P',
      acks,
    ]
    const program = start('appender.ts', { path, acks, appends }, strace)
    await program.until((said) => said.length > 0).catch(() => {})
    expect(program.process.exitCode).toBe(0)

    const calls = readTrace(await readFile(trace, 'latin1'))
    const ofData = (upTo: number): Call[] => calls.slice(0, upTo).filter(({ file }) => file === data)
    // The indices of `began` are into all calls; those of the other file count as writes of nothing.
    const onData = calls.map((call): Call =>
      call.file === data ? call : { kind: 'write', file: data, at: 0, bytes: Buffer.alloc(0), synced: true },
    )
    const acknowledged = calls.flatMap((call, index) =>
      call.kind === 'write' && call.file === acks
        ? [{ index, ack: JSON.parse(call.bytes.toString()) as [number, number, number] }]
        : [],
    )
    expect(acknowledged).toHaveLength(appends)
    expect(ofData(calls.length).filter(({ kind }) => kind === 'sync').length).toBeGreaterThan(20)

    const chance = random(7)
    const cuts = acknowledged.map(({ index }) => index + 1)
    for (let i = 0; i < 60; i++)
      cuts.push(acknowledged[0]!.index + Math.floor(chance() * (calls.length - acknowledged[0]!.index)))
    for (const [i, cut] of cuts.entries()) {
      const cutPath = join(base, `cut-${i}`)
      await mkdir(cutPath)
      await writeFile(join(cutPath, 'log.lmdb'), afterPowerCut(onData, cut, chance))
      const log = await openEmbeddedLog({ path: cutPath, maintenanceMs: 0 })
      const found = new Map<string, number>()
      for (const { partition, earliest, latest } of await log.partitions('t')) {
        // What retention has taken was acknowledged, and is meant to be gone.
        for (let offset = 0; offset < earliest; offset++) found.set(`${partition}/${offset}`, -1)
        for (let offset = earliest; offset < latest;) {
          const [fetched] = await log.read([{ topic: 't', partition, offset }])
          for (const record of fetched!.records)
            found.set(`${partition}/${record.offset}`, Number(Buffer.from(record.value!).toString()))
          offset = fetched!.nextOffset
        }
      }
      const lost = acknowledged
        .filter(({ index }) => index < cut)
        .filter(
          ({ ack: [partition, offset, number] }) =>
            ![number, -1].includes(found.get(`${partition}/${offset}`) ?? -2),
        )
      expect(lost, `cut after ${cut} of ${calls.length} calls`).toEqual([])
      await log.append('t', [{ value: 'and it goes on' }])
      await log.close()
      await rm(cutPath, { recursive: true })
    }
  }),
)
