/** What it costs to be there: the memory of an idle `heddle up`, its start, and the import of `heddle`. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Report } from '../lib/figure.ts'
import { median, scratch } from '../lib/measure.ts'

const rounds = 5
const heddle = fileURLToPath(import.meta.resolve('heddle'))
const cli = heddle.replace(/index\.(js|ts)$/, 'cli/main.$1')

/** Reports all three. */
export async function cost(report: Report): Promise<void> {
  const starts: number[] = []
  const memories: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { memoryMb, startMs } = await scratch(idleHost)
    starts.push(startMs)
    memories.push(memoryMb)
  }
  report({
    figure: 'heddle up, start to ready',
    unit: 'ms',
    ours: median(starts),
    reference: 1_000,
    atMost: 1,
    conditions: { rounds, against: 'a bound' },
  })
  report({
    figure: 'heddle up, idle memory',
    unit: 'MB',
    ours: median(memories),
    reference: 130,
    atMost: 1,
    conditions: { rounds, measured: 'resident set, 3 s after it is ready', against: 'a bound' },
  })
  // Two processes each, with and without the import: what is left is the import.
  const imports = Array.from(
    { length: rounds },
    () => evaluate(`await import(${JSON.stringify(heddle)})`) - evaluate(''),
  )
  report({
    figure: "import 'heddle'",
    unit: 'ms',
    ours: median(imports),
    reference: 150,
    atMost: 1,
    conditions: { rounds, against: 'a bound' },
  })
}

async function idleHost(folder: string): Promise<{ startMs: number; memoryMb: number }> {
  const began = performance.now()
  const child = spawn(process.execPath, [...process.execArgv, cli, 'up', '--data', folder, '--http', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  try {
    // It prints one line, with its addresses, when it is ready.
    for await (const _ of createInterface(child.stdout)) break
    const startMs = performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    return { startMs, memoryMb: residentMb(child.pid!) }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

function residentMb(pid: number): number {
  if (process.platform === 'linux')
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1024
}

function evaluate(source: string): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, '--input-type=module', '-e', source],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return performance.now() - began
}
