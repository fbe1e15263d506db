/**
 * STOMP beside ActiveMQ on the same disk, in the same run: persistent messages of 1 KB, both with fsync before a receipt. Broker and load
 * are processes of their own and share the machine.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ActiveMq, startActiveMq } from '../../tools/services/activemq/activemq.ts'
import { whatIsMissing } from '../../tools/services/toolchain.ts'
import type { Report } from '../lib/figure.ts'
import { median, scratch, sideBySide } from '../lib/measure.ts'
import { startBroker } from './broker.ts'
import { endToEnd } from './end-to-end.ts'
import { idle, waiting } from './memory.ts'
import { publish } from './publish.ts'

const rounds = 3
const seconds = 4

export async function run(report: Report): Promise<void> {
  await beside(report)
  if (process.platform === 'linux') await memory(report)
}

async function beside(report: Report): Promise<void> {
  const missing = whatIsMissing(['activemq'])
  if (missing !== undefined) return console.log(`  – the figures beside ActiveMQ are left out: ${missing}`)
  await scratch(async (folder) => {
    const activemq = await onDisk(folder)
    try {
      await using heddle = await startBroker(join(folder, 'heddle'))
      await throughput(report, heddle.port, Number(activemq.stomp.split(':')[1]))
    } finally {
      await activemq.stop()
    }
  })
}

/** Its data would be in the system's temporary folder, which is often in memory: here both are on the same disk. */
async function onDisk(folder: string): Promise<ActiveMq> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = join(folder, 'tmp')
  mkdirSync(process.env['TMPDIR'])
  try {
    return await startActiveMq({ heap: '1g' })
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

const conditions = {
  payload: '1 KB, persistent',
  fsync: 'before each receipt, on both sides',
  rounds,
  against: 'ActiveMQ 6.2.7 with KahaDB, disk sync always, heap of 1 GB, on the same disk',
}

async function throughput(report: Report, ours: number, reference: number): Promise<void> {
  const figures = [
    { connections: 64, perReceipt: 1, atLeast: 15 },
    { connections: 1, perReceipt: 1, atLeast: 1 },
    { connections: 8, perReceipt: 100, atLeast: 3 },
  ]
  for (const { atLeast, ...how } of figures) {
    const side = (port: number) => () => publish({ port, seconds, ...how })
    // The first moments are the compilers'.
    await side(reference)()
    await side(ours)()
    const measured = await sideBySide(rounds, { ours: side(ours), reference: side(reference) })
    const { connections, perReceipt } = how
    const each = perReceipt === 1 ? 'a receipt for each' : `a receipt for ${perReceipt}`
    report({
      figure: `STOMP publish, ${each}, ${connections} connection${connections === 1 ? '' : 's'}`,
      unit: 'messages/s',
      ...measured,
      atLeast,
      conditions: { ...conditions, connections },
    })
  }
  const p99 = { ours: [] as number[], reference: [] as number[] }
  const side = (port: number, side: keyof typeof p99) => async () => {
    const measured = await endToEnd(port, 8, seconds)
    p99[side].push(measured.p99)
    return measured.perSecond
  }
  const measured = await sideBySide(rounds, {
    ours: side(ours, 'ours'),
    reference: side(reference, 'reference'),
  })
  const clients = { senders: 8, consumers: 8, acks: 'each by itself, without a receipt' }
  report({
    figure: 'STOMP send, receive, acknowledge',
    unit: 'messages/s',
    ...measured,
    atLeast: 5,
    conditions: { ...conditions, ...clients },
  })
  report({
    figure: 'STOMP send to message, p99',
    unit: 'ms',
    ours: median(p99.ours),
    reference: median(p99.reference),
    atMost: 1,
    conditions: { ...conditions, ...clients, load: 'as much as each side takes, as above' },
  })
}

async function memory(report: Report): Promise<void> {
  const bound = {
    against: 'a bound',
    counted: 'anonymous memory after a collection, without pages of the log file',
  }
  const connections = 10_000
  const held = await scratch(async (folder) => {
    await using heddle = await startBroker(join(folder, 'heddle'))
    return await idle(heddle, connections)
  })
  report({
    figure: 'memory with 10,000 idle connections',
    unit: 'MB',
    ours: held,
    reference: 600,
    atMost: 1,
    conditions: { ...bound, connections, 'heart-beats': 'none' },
  })
  const few = 1_000
  const many = 1_000_000
  const { ours, reference } = await scratch(async (folder) => ({
    reference: await waiting(join(folder, 'few'), few),
    ours: await waiting(join(folder, 'many'), many),
  }))
  report({
    figure: 'memory with 1,000,000 messages waiting, beside 1,000',
    unit: 'MB',
    ours,
    reference,
    // What a process holds differs by this much from one moment to the next.
    atMost: 1.15,
    conditions: {
      payload: '100 B',
      counted: bound.counted,
      process: 'just started on that queue',
      consumer: 'one, which acknowledges none',
    },
  })
}
