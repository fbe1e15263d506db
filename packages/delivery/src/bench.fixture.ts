import { type Delivered, type Delivery, type EventInit, ManualClock, event, toRecord } from '@heddle/core'
import { MemoryDisk, openMemoryLog } from '@heddle/log/memory'
import { createDelivery } from './delivery.ts'
import type { DeliveryOptions } from './options.ts'

/** Turns of the event loop, so that what does no I/O gets done. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

/** A delivery on a log in memory, on a clock that is moved by hand. It can crash, and start again on the same disk. */
export async function openBench(options: Partial<DeliveryOptions> = {}) {
  const clock = new ManualClock(1_800_000_000_000)
  const disk = new MemoryDisk()
  let log = await openMemoryLog({ disk, clock })
  const open = (): Delivery => createDelivery({ log, clock, random: () => 0, instance: 'test', ...options })
  let delivery = open()
  const bench = {
    clock,
    get log() {
      return log
    },
    get delivery() {
      return delivery
    },
    /** Another process on the same log, as far as that goes. */
    another: (instance: string): Delivery =>
      createDelivery({ log, clock, random: () => 0, ...options, instance }),
    async publish(topic: string, ...events: readonly EventInit[]): Promise<void> {
      const times = { time: new Date(clock.now()).toISOString() }
      await log.append(
        topic,
        events.map((one) => toRecord(event({ ...times, ...one }))),
      )
    },
    advance: (ms: number): Promise<void> => clock.advance(ms, turns),
    /** Moves the clock until something is done. */
    async meanwhile<T>(doing: Promise<T>): Promise<T> {
      const over = new AbortController()
      const end = (): void => over.abort()
      doing.then(end, end)
      for (let ms = 5_000; !over.signal.aborted; ms = 100) await clock.advance(ms, turns)
      return doing
    },
    /** What is there now. */
    async take(name: string, max = 100): Promise<readonly Delivered[]> {
      const taken = delivery.pull(name, { max, waitMs: 1 })
      await turns()
      await clock.advance(1, turns)
      return taken
    },
    /** The process is gone without a word, and another one starts. */
    async crash(): Promise<void> {
      await log.close()
      log = await openMemoryLog({ disk, clock })
      delivery = open()
    },
    /** The process ends as it should, and another one starts. */
    async restart(): Promise<void> {
      await bench.meanwhile(delivery.close())
      await bench.crash()
    },
    /** All events of a topic. */
    async records(topic: string) {
      const places = await log.partitions(topic)
      const fetched = await log.read(
        places.map(({ partition, earliest }) => ({ topic, partition, offset: earliest })),
        { maxBytes: 2 ** 30 },
      )
      return fetched.flatMap(({ records, partition }) => records.map((record) => ({ record, partition })))
    },
    async close(): Promise<void> {
      await bench.meanwhile(delivery.close())
      await log.close()
    },
  }
  return bench
}

export type Bench = Awaited<ReturnType<typeof openBench>>

export const ids = (delivered: readonly Delivered[]): string[] => delivered.map(({ event: { id } }) => id)
