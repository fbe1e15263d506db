import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'

/** How often offsets are asked for, in milliseconds: small beside the seconds that are measured. */
const lookEveryMs = 50
/** How long a side may take in all, in milliseconds. */
const patienceMs = 240_000

export interface Progress {
  /** What the group has committed, by partition; of one input topic. */
  offsets(group: string): Promise<readonly number[]>
  /** Records a second between two counts of committed input records. `failed` ends the wait. */
  rate(group: string, from: number, to: number, failed: Promise<never>): Promise<number>
  close(): Promise<void>
}

/** What groups have committed: seen from outside, so that it is the same measure for all sides. */
export function progressOf(brokers: readonly string[]): Progress {
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers: [...brokers] })
  const offsets = async (group: string): Promise<number[]> => {
    const [found] = await admin.listConsumerGroupOffsets({ groups: [group] })
    const byPartition: number[] = []
    for (const { partitionIndex, committedOffset } of found?.topics[0]?.partitions ?? [])
      byPartition[partitionIndex] = Math.max(0, Number(committedOffset))
    return byPartition
  }
  const until = async (group: string, count: number): Promise<{ count: number; at: number }> => {
    const end = performance.now() + patienceMs
    for (;;) {
      const found = (await offsets(group)).reduce((sum, offset) => sum + offset, 0)
      const at = performance.now()
      if (found >= count) return { count: found, at }
      if (at > end) throw new Error(`${group} has done ${found} of ${count} records after ${patienceMs} ms`)
      await sleep(lookEveryMs)
    }
  }
  return {
    offsets,
    async rate(group, from, to, failed) {
      const measure = async (): Promise<number> => {
        const first = await until(group, from)
        const last = await until(group, to)
        return ((last.count - first.count) / (last.at - first.at)) * 1000
      }
      return Promise.race([measure(), failed])
    },
    close: () => admin.close(),
  }
}
