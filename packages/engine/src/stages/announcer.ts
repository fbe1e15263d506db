import type { Clock, RecordInput } from '@heddle/core'
import { timesRecord } from './carried.ts'
import type { Outlet } from './stages.ts'

/** A part of a stage, and the event time that what it emits from now on is not before. */
export interface AnnouncedTime {
  readonly source: string
  /** In milliseconds. */
  readonly time: number
}

/**
 * Tells the stages behind how far event time has come, in the repartition topics and behind the tuples that it is told of, so that
 * who reads it has read these.
 */
export class Announcer {
  readonly restMs: number
  readonly #outlets: readonly Outlet[]
  readonly #timesFor: (outlet: Outlet) => Iterable<AnnouncedTime>
  readonly #clock: Clock
  readonly #announced = new Map<string, number>()
  #last = -Infinity

  /** @param restMs How often to tell of it where it only follows the clock, in milliseconds. */
  constructor(
    outlets: readonly Outlet[],
    clock: Clock,
    restMs: number,
    timesFor: (outlet: Outlet) => Iterable<AnnouncedTime>,
  ) {
    this.#outlets = outlets
    this.#clock = clock
    this.restMs = restMs
    this.#timesFor = timesFor
  }

  /** Appends what has changed, if there was something else to append, or it is time. */
  announce(busy: boolean, append: (topic: string, record: RecordInput) => void): void {
    const now = this.#clock.now()
    if (!busy && now - this.#last < this.restMs) return
    for (const outlet of this.#outlets) {
      const times: Record<string, number> = {}
      for (const { source, time } of this.#timesFor(outlet)) {
        const name = `${outlet.topic}\n${source}`
        if (!Number.isFinite(time) || time <= (this.#announced.get(name) ?? -Infinity)) continue
        this.#announced.set(name, time)
        times[source] = time
      }
      if (Object.keys(times).length === 0) continue
      this.#last = now
      for (let partition = 0; partition < outlet.stage.partitions; partition++)
        append(outlet.topic, timesRecord(times, partition))
    }
  }
}
