import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { event, toRecord } from '@heddle/core'
import type { Report } from '../lib/figure.ts'
import { median } from '../lib/measure.ts'
import type { Bench } from './bench.ts'
import { progressOf } from './progress.ts'
import { ready, worker } from './side.ts'
import type { Order } from './topologies.ts'

const partitions = 8
const rounds = 3
/** What members have that name no other; see `GroupOptions`. */
const sessionTimeoutMs = 10_000
/** A record for each partition comes this often, in milliseconds. */
const everyMs = 50

/** Two processes share a topic, and one is killed: how long until all partitions run again. */
export async function recovery(report: Report, { log, brokers, folder }: Bench): Promise<void> {
  const progress = progressOf(brokers)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const name = `recovery-${round}`
    const [input, near, far] = ['in', 'near', 'far'].map((topic) => `${name}-${topic}`) as [
      string,
      string,
      string,
    ]
    for (const topic of [input, near, far])
      await log.createTopic({ name: topic, partitions, durability: 'os' })
    const start = (which: number) =>
      worker(brokers, join(folder, `${name}-${which}`), 'routes', {
        name,
        input,
        near,
        far,
        commitIntervalMs: 100,
      })
    const sides = [start(0), start(1)]
    for (const side of sides) await ready(side)
    const traffic = new AbortController()
    const sending = send(traffic.signal)
    await bothWork()

    const before = await progress.offsets(name)
    const began = performance.now()
    await sides[0]!.stop()
    // What it had begun may have been committed in its last moment: more than that is wanted of each partition.
    while ((await progress.offsets(name)).some((offset, partition) => offset <= before[partition]! + 10))
      await sleep(20)
    times.push(performance.now() - began)

    traffic.abort()
    await sending
    await sides[1]!.stop()
    for (const topic of [input, near, far]) await log.deleteTopic(topic)

    async function send(signal: AbortSignal): Promise<void> {
      const data: Order = { total: 1, country: 'DE', note: '' }
      const records = Array.from({ length: partitions }, (_, partition) => ({
        ...toRecord(event({ type: 'order', data })),
        partition,
      }))
      while (!signal.aborted) {
        await log.append(input, records)
        await sleep(everyMs)
      }
    }

    /** Both have partitions, and all partitions run. */
    async function bothWork(): Promise<void> {
      for (;;) {
        const group = (await log.listGroups()).find((each) => each.group === name)
        const shares = group?.members.filter(({ assignment }) => assignment.length > 0).length ?? 0
        const offsets = await progress.offsets(name)
        if (shares === 2 && offsets.length === partitions && offsets.every((offset) => offset > 20)) return
        await Promise.race([sleep(100), ...sides.map(({ failed }) => failed)])
      }
    }
  }
  await progress.close()
  report({
    figure: 'a worker is killed: its partitions run again',
    unit: 'ms',
    ours: median(times),
    reference: sessionTimeoutMs,
    atMost: 2,
    conditions: {
      against: 'the session timeout',
      'session timeout, ms': sessionTimeoutMs,
      'slowest, ms': Math.round(Math.max(...times)),
      partitions,
      processes: 2,
      measured: 'from SIGKILL until offsets of each partition are committed again',
      rounds,
    },
  })
}
