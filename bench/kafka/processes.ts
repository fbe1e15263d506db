import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { event, toRecord } from '@heddle/core'
import type { Report } from '../lib/figure.ts'
import { sideBySide } from '../lib/measure.ts'
import type { Bench } from './bench.ts'
import { progressOf } from './progress.ts'
import { nodeSide, ready, worker } from './side.ts'

const events = 8_000
const partitions = 8
const rounds = 3

/** A topology that needs a processor, in two processes and in one. */
export async function processes(report: Report, { log, brokers, folder }: Bench): Promise<void> {
  const progress = progressOf(brokers)
  let run = 0
  const busy = async (count: number): Promise<number> => {
    const name = `busy-${run++}`
    const [input, output] = [`${name}-in`, `${name}-out`]
    for (const topic of [input, output]) await log.createTopic({ name: topic, partitions, durability: 'os' })
    const sides = Array.from({ length: count }, (_, which) =>
      worker(brokers, join(folder, `${name}-${which}`), 'busy', { name, input, output }),
    )
    try {
      for (const side of sides) await ready(side)
      const records = Array.from({ length: events }, (_, n) =>
        // In turn, so that no process has more to do than another.
        ({ ...toRecord(event({ type: 'n', data: n })), partition: n % partitions }),
      )
      await log.append(input, records)
      const failed = Promise.race(sides.map((side) => side.failed))
      return await progress.rate(name, events / 4, events * 0.75, failed)
    } finally {
      for (const side of sides) await side.stop()
      for (const topic of [input, output]) await log.deleteTopic(topic)
    }
  }
  const { ours, reference } = await sideBySide(rounds, { ours: () => busy(2), reference: () => busy(1) })
  const alone = await sideBySide(rounds, { ours: () => plain(2), reference: () => plain(1) })
  await progress.close()
  report({
    figure: 'a CPU-bound topology in two processes, and in one',
    unit: 'events/s',
    ours,
    reference,
    atLeast: 1.6,
    conditions: {
      events,
      work: 'some 1 ms an event, exactly-once',
      partitions,
      'cores for processes and broker': availableParallelism(),
      'the work alone, in two processes against one': Number((alone.ours / alone.reference).toPrecision(3)),
      rounds,
    },
  })
}

/** Times a second that the work is done by processes that do nothing else: what the machine gives at this time. */
async function plain(count: number): Promise<number> {
  const sides = Array.from({ length: count }, () => nodeSide('busy-process.ts', [String(events / 4)], ''))
  const rates = await Promise.all(
    sides.map(async ({ child }) => {
      const [rate] = (await once(child, 'message')) as [number]
      return rate
    }),
  )
  for (const side of sides) await side.stop()
  return rates.reduce((sum, rate) => sum + rate, 0)
}
