import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'
import { Link, send } from '../stomp/link.ts'

const rounds = 3
const seconds = 4
const connections = 8
const perReceipt = 100
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
        ours: () => publish(port, { AMQ_SCHEDULED_DELAY: hourMs }),
        reference: () => publish(port, {}),
      })
      report({
        figure: 'messages for later, accepted, beside messages for now',
        unit: 'messages/s',
        ...sides,
        atLeast: 0.5,
        conditions: {
          door: `STOMP, ${connections} connections, a receipt every ${perReceipt}`,
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

/** Messages a second whose receipt came. */
async function publish(port: number, headers: Readonly<Record<string, number>>): Promise<number> {
  const destination = '/queue/later'
  const batch = Buffer.concat([
    ...Array.from({ length: perReceipt - 1 }, () => send(destination, headers)),
    send(destination, { ...headers, receipt: 'r' }),
  ])
  const links = await Promise.all(Array.from({ length: connections }, () => Link.open(port)))
  let receipts = 0
  for (const link of links) {
    link.onFrames((count) => {
      receipts += count
      link.socket.write(batch)
    })
    link.socket.write(batch)
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  const [before, began] = [receipts, performance.now()]
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const perSecond = ((receipts - before) * perReceipt) / ((performance.now() - began) / 1000)
  for (const link of links) link.close()
  return perSecond
}
