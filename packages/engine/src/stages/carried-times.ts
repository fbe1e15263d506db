import type { TimeSource } from '../local/event-time.ts'
import type { Lane } from '../local/lane.ts'
import { ToldSource } from '../local/told-source.ts'

interface Noted {
  readonly offset: number
  readonly times: Readonly<Record<string, number>>
}

/**
 * Event time as the stages before say that it has come, each for its parts. A part that says nothing holds it back: it is not known
 * what else it may have. The stage before goes on saying where an idle part has come to.
 */
export class CarriedTimes {
  readonly #sources: Map<string, ToldSource>
  readonly #noted: Noted[] = []

  /** @param known Parts that have to be heard of. @param saved What was committed of each. */
  constructor(known: readonly string[], saved: (source: string) => number) {
    this.#sources = new Map(known.map((id) => [id, new ToldSource(saved(id))]))
  }

  /** A record says so. It counts when all before it is done. */
  note(offset: number, times: Readonly<Record<string, number>>): void {
    this.#noted.push({ offset, times })
  }

  /** What counts by now. */
  sources(lane: Lane): Iterable<TimeSource> {
    while (this.#noted.length > 0 && this.#noted[0]!.offset < lane.firstUnfinished)
      for (const [id, time] of Object.entries(this.#noted.shift()!.times)) {
        const source = this.#sources.get(id)
        if (!source) this.#sources.set(id, new ToldSource(time))
        else if (time > source.time) source.time = time
      }
    return this.#sources.values()
  }

  /** To be committed. */
  *entries(): Iterable<readonly [source: string, time: number]> {
    for (const [id, { time }] of this.#sources) yield [id, time]
  }
}
