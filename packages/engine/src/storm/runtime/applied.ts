import { type Progress, doneBefore } from '../../local/unfinished.ts'
import type { SpoutPlace } from '../../stages/carried.ts'
import type { ComponentState } from '../../state/component-state.ts'
import { ownKey } from './task-store.ts'
import { sourceName } from './time-sources.ts'

/** Ids of one commit that may come again, by the source that they come from. */
type Chunk = Readonly<Record<string, readonly (readonly [offset: number, id: string])[]>>

interface Kept {
  readonly ids: readonly string[]
  readonly left: Map<string, readonly (readonly [offset: number, id: string])[]>
}

const prefix = `${ownKey}applied/`

/** Makes numbers sort as text. */
const digits = 12

/**
 * Which tuples the state of a task has in it, so that one that comes again changes nothing. An id is kept until its spout has
 * committed that it does not come again.
 *
 * ```
 * state: '\0heddle/applied/' <number of a commit, 12 digits>  →  { <source>: [offset, id][] }
 * ```
 */
export class Applied {
  readonly #state: ComponentState
  readonly #ids = new Set<string>()
  readonly #chunks = new Map<string, Kept>()
  /** What the spouts have committed does not come again, unless it is late: a copy of it that was given up. */
  readonly #done = new Map<string, (offset: number) => boolean>()
  #fresh = new Map<string, [offset: number, id: string][]>()
  #last = 0

  constructor(state: ComponentState) {
    this.#state = state
    for (const [key, chunk] of state.entries(prefix)) {
      this.#keep(key, chunk as Chunk)
      this.#last = Number(key.slice(prefix.length))
    }
  }

  /** How many are kept. */
  get size(): number {
    return this.#ids.size
  }

  has(id: string, place: SpoutPlace | undefined): boolean {
    if (!place) return false
    return (
      this.#ids.has(id) ||
      this.#done.get(sourceName(place.component, place.partition))?.(place.offset) === true
    )
  }

  /** State has this tuple in it. One without a place is not known again. */
  add(id: string, place: SpoutPlace | undefined): void {
    if (!place || this.#ids.has(id)) return
    this.#ids.add(id)
    const source = sourceName(place.component, place.partition)
    const fresh = this.#fresh.get(source)
    if (fresh) fresh.push([place.offset, id])
    else this.#fresh.set(source, [[place.offset, id]])
  }

  /** Some were added since `save`. */
  get changed(): boolean {
    return this.#fresh.size > 0
  }

  /** Puts what was added into the state, to be committed with what it has changed. */
  save(): void {
    if (!this.changed) return
    const chunk: Chunk = Object.fromEntries(this.#fresh)
    this.#fresh = new Map()
    const key = `${prefix}${String(++this.#last).padStart(digits, '0')}`
    this.#state.set(key, chunk)
    this.#keep(key, chunk)
  }

  /** What is done does not come again. */
  forget(source: string, progress: Progress): void {
    const doneBehind = doneBefore(progress)
    const isDone = (offset: number): boolean => offset < progress.offset || doneBehind(offset)
    this.#done.set(source, isDone)
    for (const [key, { ids, left }] of this.#chunks) {
      const entries = left.get(source)
      if (!entries) continue
      const open = entries.filter(([offset]) => !isDone(offset))
      if (open.length > 0) {
        left.set(source, open)
        continue
      }
      left.delete(source)
      if (left.size > 0) continue
      for (const id of ids) this.#ids.delete(id)
      this.#chunks.delete(key)
      this.#state.delete(key)
    }
  }

  #keep(key: string, chunk: Chunk): void {
    const ids = Object.values(chunk).flatMap((entries) => entries.map(([, id]) => id))
    for (const id of ids) this.#ids.add(id)
    this.#chunks.set(key, { ids, left: new Map(Object.entries(chunk)) })
  }
}
