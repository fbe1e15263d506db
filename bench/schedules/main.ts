/**
 * Events for later beside events for now, on the embedded log, both with fsync: how fast they are accepted, and how late they are
 * sent. `HEDDLE_BENCH_SCHEDULES` is how many.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type Log, type RecordInput, event, toRecord } from '@heddle/core'
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
const conditions = {
  events: count,
  payload: '1 KB',
  log: 'embedded, fsync before each answer',
  batches: `${batch}, ${underWay} under way, each event deduplicated`,
}

export async function run(report: Report): Promise<void> {
  await scratch(async (path) => {
    const log = await openEmbeddedLog({ path })
    await Promise.all(['now', 'later'].map((name) => log.createTopic({ name, partitions: 4 })))
    const now = await accepted((records) => log.append('now', records, { dedupe: true }))
    await later(report, log, now)
    await log.close()
  })
}

async function later(report: Report, log: Log, now: number): Promise<void> {
  const schedules = createSchedules({ log })
  const late: number[] = []
  const done = Promise.withResolvers<void>()
  const onSent = (message: unknown): void => {
    if (late.push((message as Sent).lateMs) === count) done.resolve()
  }
  subscribe('heddle:delivery:sent', onSent)
  try {
    // When all are accepted, as far as that can be told.
    const first = Date.now() + 10_000 + (count / now) * 6_000
    let due = 0
    const rate = await accepted((records) =>
      schedules.add(
        records.map((record) => {
          const timing = { at: Math.floor(first + (due++ / perSecond) * 1000) }
          return { topic: 'later', record, timing }
        }),
        { once: true },
      ),
    )
    report({
      figure: 'events for later, accepted, beside events for now',
      ours: rate,
      reference: now,
      unit: 'events/s',
      atLeast: 0.5,
      conditions: { ...conditions, beside: 'they are put in order of time meanwhile, by the same process' },
    })
    await done.promise
    report({
      figure: 'how late they are sent, p99',
      ours: percentile(late, 0.99),
      reference: boundMs,
      unit: 'ms',
      atMost: 1,
      conditions: { ...conditions, due: `${perSecond} a second` },
    })
  } finally {
    unsubscribe('heddle:delivery:sent', onSent)
    await schedules.close()
  }
}

/** How many are accepted in a second. */
async function accepted(send: (records: readonly RecordInput[]) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let next = 0
  const senders = Array.from({ length: underWay }, async () => {
    while (next < count) {
      const from = next
      next += batch
      await send(Array.from({ length: batch }, (_, at) => record(`${from + at}`)))
    }
  })
  await Promise.all(senders)
  return (count / (performance.now() - began)) * 1000
}

const record = (id: string): RecordInput =>
  toRecord(event({ id, source: '/bench', type: 'bench', datacontenttype: 'text/plain', data }))
