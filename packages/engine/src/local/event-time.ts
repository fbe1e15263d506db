import type { Clock, PlanSettings } from '@heddle/core'

/** Something that events come from: a partition, or a task of a spout. */
export interface TimeSource {
  /** Event time that it has come to, in milliseconds; `-Infinity` before the first event. */
  readonly time: number
  /** Clock time when something came last. */
  readonly lastActiveAt: number
  /** Nothing is there that was not read, and nothing is under way. */
  readonly exhausted: boolean
}

/**
 * Where event time has come to: the least that all sources have reached, less what events may be out of order. A source
 * that has been silent for `idleAfterMs` follows the clock at that distance. It never goes back.
 */
export class EventTime {
  readonly #settings: PlanSettings
  readonly #clock: Clock
  #watermark: number

  constructor(settings: PlanSettings, clock: Clock, watermark: number) {
    this.#settings = settings
    this.#clock = clock
    this.#watermark = watermark
  }

  get watermark(): number {
    return this.#watermark
  }

  /** True for a source that nothing has come from for so long that it may be idle. */
  silent(source: TimeSource): boolean {
    return source.lastActiveAt <= this.#clock.now() - this.#settings.idleAfterMs
  }

  /** Moves on to what the sources have reached; true when that is further than before. */
  advance(sources: Iterable<TimeSource>): boolean {
    const { idleAfterMs, maxOutOfOrderMs } = this.#settings
    let least = Infinity
    for (const source of sources) {
      const idle = source.exhausted && this.silent(source)
      const time = idle ? Math.max(source.time, this.#clock.now() - idleAfterMs) : source.time
      if (time < least) least = time
    }
    if (least === Infinity) return false
    const watermark = least - maxOutOfOrderMs
    if (!(watermark > this.#watermark)) return false
    this.#watermark = watermark
    return true
  }
}
