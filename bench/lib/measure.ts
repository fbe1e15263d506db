import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '../../tools/run.ts'
import type { Figure } from './figure.ts'

/** The value under which `p` (0 to 1) of the values lie. Does not change the array. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/**
 * An empty folder on the disk that holds the repo, for the length of `use`. Not the system's temporary folder: that is
 * often in memory, where fsync costs nothing.
 */
export async function scratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(root, '.cache', 'bench')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'run-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The median cost in ms of appending `bytes` to a file in `folder` and waiting until they are on disk. */
export function measureFdatasync(folder: string, { bytes = 4096, rounds = 200 } = {}): number {
  const file = join(folder, 'fdatasync.probe')
  const fd = openSync(file, 'w')
  try {
    const block = Buffer.alloc(bytes, 7)
    const costs = Array.from({ length: rounds }, () => {
      const began = performance.now()
      writeSync(fd, block)
      fdatasyncSync(fd)
      return performance.now() - began
    })
    return median(costs)
  } finally {
    closeSync(fd)
    rmSync(file)
  }
}

/**
 * Runs both sides in turn, `rounds` times, and gives the median of each: what else the machine does meanwhile then
 * falls on both. Each side returns its figure for one round.
 */
export async function sideBySide(
  rounds: number,
  sides: {
    readonly ours: () => number | Promise<number>
    readonly reference: () => number | Promise<number>
  },
): Promise<{ ours: number; reference: number; rounds: number }> {
  const ours: number[] = []
  const reference: number[] = []
  for (let round = 0; round < rounds; round++) {
    reference.push(await sides.reference())
    ours.push(await sides.ours())
  }
  return { ours: median(ours), reference: median(reference), rounds }
}

/** What the figures of this run were measured on. Names no machine. */
export async function machine(): Promise<Figure['conditions']> {
  const fdatasyncMs = await scratch(async (folder) => measureFdatasync(folder))
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    os: `${process.platform} ${process.arch}`,
    'fdatasync of 4 KB, ms': Number(fdatasyncMs.toPrecision(3)),
    date: new Date().toISOString().slice(0, 10),
  }
}
