import type { Clock, Plan, PlanSettings } from '@heddle/core'
import { holdOf } from '../operators/hold.ts'

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
 *
 * A component has a time of its own, behind that by what those before it hold back, so that what they emit is late nowhere.
 */
export class EventTime {
  readonly #settings: PlanSettings
  readonly #clock: Clock
  readonly #delays = new Map<string, number>()
  readonly #times = new Map<string, number>()
  readonly #holds = new Map<string, number>()
  #watermark: number

  constructor({ settings, components }: Plan, clock: Clock, watermark: number) {
    this.#settings = settings
    this.#clock = clock
    this.#watermark = watermark
    const behind = new Map<string, number>()
    for (const component of components) {
      const delay = Math.max(0, ...component.inputs.map(({ from }) => behind.get(from) ?? 0))
      this.#delays.set(component.id, delay)
      this.#times.set(component.id, watermark - delay)
      this.#holds.set(component.id, holdOf(component))
      behind.set(component.id, delay + holdOf(component))
    }
  }

  /** Where the sources have come to, in milliseconds; what is committed. */
  get watermark(): number {
    return this.#watermark
  }

  /** How far a component is behind the sources, in milliseconds. */
  delayOf(component: string): number {
    return this.#delays.get(component)!
  }

  /** Where a component has come to. */
  timeOf(component: string): number {
    return this.#times.get(component)!
  }

  /** A component comes to where it may be by now; true when that is further than before. */
  follow(component: string): boolean {
    const time = this.#watermark - this.delayOf(component)
    if (!(time > this.timeOf(component))) return false
    this.#times.set(component, time)
    return true
  }

  /** True for a source that nothing has come from for so long that it may be idle. */
  silent(source: TimeSource): boolean {
    return source.lastActiveAt <= this.#clock.now() - this.#settings.idleAfterMs
  }

  /** What the sources have reached; never less than the watermark. */
  reached(sources: Iterable<TimeSource>): number {
    const { maxOutOfOrderMs } = this.#settings
    let least = Infinity
    for (const source of sources) {
      least = Math.min(least, this.#timeOf(source))
    }
    return least === Infinity ? this.#watermark : Math.max(this.#watermark, least - maxOutOfOrderMs)
  }

  /** What one source has reached. */
  timeOfSource(source: TimeSource): number {
    return this.#timeOf(source) - this.#settings.maxOutOfOrderMs
  }

  /** What a component emits from now on is not before this time. */
  timeBehind(component: string): number {
    return this.#times.get(component)! - this.#holds.get(component)!
  }

  #timeOf(source: TimeSource): number {
    const idle = source.exhausted && this.silent(source)
    return idle ? Math.max(source.time, this.#clock.now() - this.#settings.idleAfterMs) : source.time
  }

  /** The sources have come to `time`; components follow one by one. */
  advance(time: number): void {
    this.#watermark = Math.max(this.#watermark, time)
  }
}
