import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { createFabric, event, toRecord } from 'heddle'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'

const events = 8_000
const rounds = 3

/** Events a second of the busy topology in so many threads, while all have work: once they are warm, until the first is near its end. */
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
        await new Promise((resolve) => void setTimeout(resolve, 10))
      }
    }
    const first = await until(events / 4)
    const began = performance.now()
    const last = await until(events * 0.75)
    const rate = ((last - first) / (performance.now() - began)) * 1000
    await fabric.close()
    return rate
  })
}

/** Times a second that the work is done by threads that do nothing else: what the machine gives at this time. */
async function plain(threads: number): Promise<number> {
  const each = events / 10
  const began = performance.now()
  const entry = new URL('plain.ts', import.meta.url)
  const workers = Array.from({ length: threads }, () => new Worker(entry, { workerData: each }))
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
  return ((threads * each) / (performance.now() - began)) * 1000
}

export async function run(report: Report): Promise<void> {
  const { ours, reference } = await sideBySide(rounds, { ours: () => busy(2), reference: () => busy(1) })
  const alone = await sideBySide(rounds, { ours: () => plain(2), reference: () => plain(1) })
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
      work: 'some 1 ms an event',
      'the work alone, in two threads against one': Number((alone.ours / alone.reference).toPrecision(3)),
      partitions: 8,
    },
  })
}
