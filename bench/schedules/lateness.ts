import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type RecordInput, event, toRecord } from '@heddle/core'
import { type Sent, createSchedules } from '@heddle/delivery'
import { openEmbeddedLog } from '@heddle/log/embedded'
import type { Report } from '../lib/figure.ts'
import { percentile, scratch } from '../lib/measure.ts'

const count = Number(process.env['HEDDLE_BENCH_SCHEDULES'] ?? 1_000_000)
const batch = 100
const underWay = 8
/** How many are due in a second. */
const perSecond = 10_000
/** How late they may be, in milliseconds. */
const boundMs = 100

const data = 'x'.repeat(900)

/** How late events are on disk in their topic. All are accepted before the first one is due. */
export async function lateness(report: Report): Promise<void> {
  await scratch(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 'out', partitions: 4 })
    const schedules = createSchedules({ log })
    const late: number[] = []
    const done = Promise.withResolvers<void>()
    const onSent = (message: unknown): void => {
      if (late.push((message as Sent).lateMs) === count) done.resolve()
    }
    subscribe('heddle:delivery:sent', onSent)
    try {
      const add = (records: readonly RecordInput[], at: (index: number) => number) =>
        schedules.add(
          records.map((record, index) => ({ topic: 'out', record, timing: { at: at(index) } })),
          { once: true },
        )
      // A first part tells how long the whole will take.
      const part = Math.min(count, 10_000)
      const far = Date.now() + 86_400_000
      const began = performance.now()
      await each(part, (from) => add(records('probe', from), () => far))
      const first = Date.now() + 10_000 + ((performance.now() - began) / part) * count * 1.5
      await each(count, (from) =>
        add(records('event', from), (index) => Math.floor(first + ((from + index) / perSecond) * 1000)),
      )
      await done.promise
    } finally {
      unsubscribe('heddle:delivery:sent', onSent)
      await schedules.close()
      await log.close()
    }
    report({
      figure: 'how late events for later are sent, p99',
      ours: percentile(late, 0.99),
      reference: boundMs,
      unit: 'ms',
      atMost: 1,
      conditions: {
        events: count,
        payload: '1 KB',
        due: `${perSecond} a second`,
        log: 'embedded, fsync',
        'p50, ms': percentile(late, 0.5),
      },
    })
  })
}

/** Calls for so many events, a batch at a time, some beside each other. */
async function each(total: number, send: (from: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const senders = Array.from({ length: underWay }, async () => {
    while (next < total) {
      const from = next
      next += batch
      await send(from)
    }
  })
  await Promise.all(senders)
}

const records = (name: string, from: number): RecordInput[] =>
  Array.from({ length: batch }, (_, at) =>
    toRecord(
      event({
        id: `${name}-${from + at}`,
        source: '/bench',
        type: 'bench',
        datacontenttype: 'text/plain',
        data,
      }),
    ),
  )
