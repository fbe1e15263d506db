// `npm run examples`: runs every numbered example by its main.ts, and the demo: with and without kills, on Kafka, and on Storm.
// Each must end by itself, with exit code 0. `npm run examples -- 2-` runs those whose name contains '2-'.

import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { root } from './run.ts'
import { servicesAvailable } from './services/toolchain.ts'

interface Example {
  readonly name: string
  readonly args: readonly string[]
}

/** Only for what would never end: the machine may be busy with other things. */
const timeLimit = 10 * 60_000

const numbered = globSync('examples/[0-9]*/main.ts', { cwd: root })
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .map((file): Example => ({ name: file.split(/[\\/]/)[1] ?? file, args: [file] }))

const demo = 'examples/demo/main.ts'
const demos: readonly Example[] = existsSync(root + demo)
  ? [
      { name: 'demo', args: [demo] },
      { name: 'demo --kill', args: [demo, '--kill'] },
      // Fewer events, since each waits for a broker that shares the machine with all else.
      ...(servicesAvailable('kafka')
        ? [{ name: 'demo --kafka', args: [demo, '--kafka', '--events', '3000'] }]
        : []),
      ...(servicesAvailable('kafka') && servicesAvailable('storm')
        ? [{ name: 'demo --storm', args: [demo, '--storm', '--events', '1500'] }]
        : []),
    ]
  : []

/** In a process group of its own, so that what it started ends with it, also when this is interrupted. */
function runExample({ args }: Example): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    const end = () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // All of the group had ended.
      }
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => (end(), process.exit(1)))
    const timer = setTimeout(() => {
      end()
      resolve(`did not end within ${timeLimit / 1000} s`)
    }, timeLimit)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      end()
      resolve(code === 0 ? undefined : `ended with ${signal ?? code}`)
    })
  })
}

const wanted = process.argv[2] ?? ''
const failed: string[] = []
let passed = 0
for (const example of [...numbered, ...demos].filter(({ name }) => name.includes(wanted))) {
  console.log(`\n── ${example.name}`)
  const began = performance.now()
  const wrong = await runExample(example)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`── ${example.name}: ${wrong ?? 'ok'}, ${seconds} s`)
  if (wrong) failed.push(example.name)
  else passed++
}

console.log(
  `\n${failed.length > 0 ? `failed: ${failed.join(', ')}\n` : ''}${passed} passed, ${failed.length} failed`,
)
process.exitCode = failed.length > 0 ? 1 : 0
