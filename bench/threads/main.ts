import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createFabric, event, toRecord } from 'heddle'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'

const events = 20_000
const rounds = 3

/** Events a second of the busy topology in so many threads, from the first output to the last. */
function busy(threads: number): Promise<number> {
  return scratch(async (data) => {
    // The topology's file is loaded again in each thread, and reads it there.
    process.env['HEDDLE_BENCH_THREADS'] = String(threads)
    const settings = { data, http: { port: 0 }, logging: { level: 'silent' } } as const
    const topics = [
      { name: 'in', partitions: 8 },
      { name: 'out', partitions: 8 },
    ]
    const filled = await createFabric({ ...settings, topics })
    const records = Array.from({ length: events }, (_, n) =>
      toRecord(event({ type: 'n', partitionkey: `${n}`, data: n })),
    )
    for (let from = 0; from < events; from += 500)
      await filled.log.append('in', records.slice(from, from + 500))
    await filled.close()

    const fabric = await createFabric({
      ...settings,
      topologies: [fileURLToPath(new URL('busy.ts', import.meta.url))],
    })
    const out = async (): Promise<number> =>
      (await fabric.log.partitions('out')).reduce((sum, { latest }) => sum + latest, 0)
    const until = async (count: number): Promise<number> => {
      for (;;) {
        const found = await out()
        if (found >= count) return found
        await new Promise((resolve) => void setTimeout(resolve, 5))
      }
    }
    const first = await until(events / 10)
    const began = performance.now()
    await until(events)
    const rate = ((events - first) / (performance.now() - began)) * 1000
    await fabric.close()
    return rate
  })
}

export async function run(report: Report): Promise<void> {
  const { ours, reference } = await sideBySide(rounds, { ours: () => busy(2), reference: () => busy(1) })
  report({
    figure: 'a CPU-bound bolt in two threads, and in one',
    ours,
    reference,
    unit: 'events/s',
    atLeast: 1.7,
    conditions: {
      events,
      rounds,
      cores: availableParallelism(),
      work: 'some 100 µs an event',
      partitions: 8,
    },
  })
}
