import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'
import { publish } from '../stomp/publish.ts'

const rounds = 3
const load = { seconds: 4, connections: 8, perReceipt: 100 }
const hourMs = 3_600_000

/** Messages for later beside messages for now, through the same door. */
export async function accepted(report: Report): Promise<void> {
  await scratch(async (path) => {
    const program = fileURLToPath(new URL('server-process.ts', import.meta.url))
    const child = spawn(process.execPath, [...process.execArgv, program, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [said] = (await once(child.stdout, 'data')) as [Buffer]
      const port = Number(said.toString())
      const sides = await sideBySide(rounds, {
        ours: () => publish({ port, ...load, headers: { AMQ_SCHEDULED_DELAY: hourMs } }),
        reference: () => publish({ port, ...load }),
      })
      report({
        figure: 'messages for later, accepted, beside messages for now',
        unit: 'messages/s',
        ...sides,
        atLeast: 0.5,
        conditions: {
          door: `STOMP, ${load.connections} connections, a receipt every ${load.perReceipt}`,
          payload: '1 KB',
          fsync: 'before each receipt',
          rounds: sides.rounds,
          beside: 'they are put in order of time meanwhile, by the same process; the load shares the machine',
        },
      })
    } finally {
      child.kill('SIGKILL')
    }
  })
}
