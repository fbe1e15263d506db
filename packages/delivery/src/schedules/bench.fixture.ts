import {
  type Event,
  ManualClock,
  type ScheduleTiming,
  type Schedules,
  event,
  fromRecord,
  toRecord,
} from '@heddle/core'
import { type CommitFault, MemoryDisk, openMemoryLog } from '@heddle/log/memory'
import { turns } from '../bench.fixture.ts'
import type { SchedulesOptions } from './options.ts'
import { createSchedules } from './schedules.ts'

/** Schedules on a log in memory, on a clock that is moved by hand. They can crash, and start again on the same disk. */
export async function openScheduleBench(options: Partial<SchedulesOptions> = {}) {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const faults: (CommitFault | undefined)[] = []
  let cutAfter = Number.POSITIVE_INFINITY
  const disk = new MemoryDisk({
    fault: () => faults.shift(),
    async turn() {
      if (cutAfter-- === 0) disk.cut()
    },
  })
  // Seldom, so that days go by fast.
  const openLog = () => openMemoryLog({ disk, clock, maintenanceMs: 3_600_000 })
  let log = await openLog()
  const open = (): Schedules => createSchedules({ log, clock, maxSleepMs: 3_600_000, ...options })
  let schedules = open()
  await log.createTopic({ name: 'out', partitions: 1 })
  const bench = {
    clock,
    get log() {
      return log
    },
    get schedules() {
      return schedules
    },
    /** Another process on the same log, as far as that goes. */
    another: open,
    record: (id: string, key?: string) =>
      toRecord(
        event({
          id,
          type: 'test',
          source: '/test',
          data: { id },
          ...(key !== undefined && { partitionkey: key }),
        }),
      ),
    /** Accepts one, and gives its id. */
    async add(id: string, timing: ScheduleTiming, topic = 'out'): Promise<string> {
      const [added] = await bench.during(schedules.add([{ topic, record: bench.record(id), timing }]))
      await turns()
      return added!.id
    },
    advance: (ms: number): Promise<void> => clock.advance(ms, turns),
    /** Does what waits for time. */
    async during<T>(doing: Promise<T>): Promise<T> {
      const state = { over: false }
      const end = (): void => void (state.over = true)
      doing.then(end, end)
      for (let round = 0; round < 100 && !state.over; round++) await clock.advance(1, turns)
      return doing
    },
    /** All that was sent. */
    async sent(topic = 'out'): Promise<Event[]> {
      const [fetched] = await log.read([{ topic, partition: 0, offset: 0 }], { maxBytes: 2 ** 30 })
      return (fetched?.records ?? []).map((record) => fromRecord(record, { topic, partition: 0 }))
    },
    async ids(topic = 'out'): Promise<string[]> {
      return (await bench.sent(topic)).map(({ id }) => id)
    },
    /** What becomes of the next commits. */
    fault(...next: readonly (CommitFault | undefined)[]): void {
      faults.push(...next)
    },
    /** The plug is pulled before or after one of the next commits. */
    cut(turnsOfTheDisk: number): void {
      cutAfter = turnsOfTheDisk
    },
    /** The process is gone without a word, and another one starts. */
    async crash(): Promise<void> {
      faults.length = 0
      cutAfter = Number.POSITIVE_INFINITY
      disk.cut()
      const [formerLog, former] = [log, schedules]
      log = await openLog()
      schedules = open()
      await bench.during(Promise.allSettled([former.close(), formerLog.close()]))
    },
    async close(): Promise<void> {
      await bench.during(schedules.close())
      await log.close()
    },
  }
  return bench
}

export type ScheduleBench = Awaited<ReturnType<typeof openScheduleBench>>
