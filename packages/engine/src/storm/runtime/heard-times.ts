import type { TimeSource } from '../../local/event-time.ts'
import { ToldSource } from '../../local/told-source.ts'
import type { ComponentState } from '../../state/component-state.ts'
import type { News } from './news.ts'
import { ownKey } from './task-store.ts'

const key = `${ownKey}times`

/**
 * Event time as the spouts say that it has come, each for its parts. A part that says nothing holds it back: it is not known what
 * else it may have.
 *
 * ```
 * state: '\0heddle/times'  →  { <source>: ms }
 * ```
 */
export class HeardTimes {
  readonly #state: ComponentState
  readonly #sources: Map<string, ToldSource>
  #changed = false

  /** @param awaited Sources that have to be heard of. */
  constructor(state: ComponentState, awaited: readonly string[]) {
    this.#state = state
    const saved = (state.get(key) ?? {}) as Readonly<Record<string, number>>
    this.#sources = new Map(awaited.map((id) => [id, new ToldSource(saved[id] ?? -Infinity)]))
  }

  get sources(): Iterable<TimeSource> {
    return this.#sources.values()
  }

  /** True when something of it was new. */
  hear(news: News): boolean {
    let further = false
    for (const [id, { time }] of Object.entries(news)) {
      const source = this.#sources.get(id)
      if (!source || time === null || time <= source.time) continue
      source.time = time
      further = true
    }
    this.#changed ||= further
    return further
  }

  /** Puts them into the state, to be committed with what came of them. */
  save(): void {
    if (!this.#changed) return
    this.#changed = false
    const known = [...this.#sources].filter(([, { time }]) => Number.isFinite(time))
    this.#state.set(key, Object.fromEntries(known.map(([id, { time }]) => [id, time])))
  }
}
