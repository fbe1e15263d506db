import type { FiredTimer, TimerKind, Timers } from '@heddle/core'
import { type ComponentState, byBytes } from './component-state.ts'
import { TaskState } from './task-state.ts'
import type { UndoLog } from './undo-log.ts'

/** Makes times sort as text, also those before 1970: they get 16 digits each. */
const epoch = 5e15

/** No timer is further from 1970, in milliseconds: more than a hundred thousand years. */
const furthest = 4e15

/**
 * Timers of a component, in a state of their own.
 *
 * ```
 * state:  'due/' <kind> '/' <time + 5·10^15, 16 digits> '/' <key>  →  1
 *         'at/' <kind> '/' <key>                                 →  time, in milliseconds
 * ```
 *
 * However many wait, only those that are due are looked at.
 */
export class ComponentTimers {
  readonly state: ComponentState
  /** None is in a place before: what was fired since the last commit need not be passed over again each time. */
  readonly #from: Record<TimerKind, string> = { event: 'due/event/', processing: 'due/processing/' }
  /** None is due before. */
  readonly #earliest: Record<TimerKind, number> = { event: -Infinity, processing: -Infinity }
  /** The first of those that were set since `due` was asked. */
  readonly #added: Record<TimerKind, number> = { event: Infinity, processing: Infinity }

  constructor(state: ComponentState) {
    this.state = state
    state.onRestore = (place) => {
      for (const kind of ['event', 'processing'] as const)
        if (place.startsWith(`due/${kind}/`)) this.#set(timerAt(kind, place), place)
    }
  }

  /** The timers as one task has them. */
  forTask(undo: UndoLog | undefined): Timers {
    const state = new TaskState(this.state, undo)
    const get = (key: string, kind: TimerKind = 'event'): number | undefined => state.get(atKey(kind, key))
    const remove = (key: string, kind: TimerKind = 'event'): void => {
      const time = get(key, kind)
      if (time === undefined) return
      state.delete(dueKey(kind, time, key))
      state.delete(atKey(kind, key))
    }
    return {
      get,
      delete: remove,
      set: (key, time, kind = 'event') => {
        if (!(Math.abs(time) < furthest))
          throw new RangeError(`timer '${key}': ${time} is no time in milliseconds`)
        const due = Math.ceil(time)
        if (get(key, kind) === due) return
        remove(key, kind)
        const place = dueKey(kind, due, key)
        state.put(place, 1)
        state.put(atKey(kind, key), due)
        this.#set({ key, time: due, kind }, place)
        if (due < this.#added[kind]) this.#added[kind] = due
      },
    }
  }

  /** When the first may be due; never later than it is. */
  next(kind: TimerKind): number {
    return this.#earliest[kind]
  }

  /** One was set meanwhile that comes before this one of those that `due` gave. */
  overtaken({ kind, time }: FiredTimer): boolean {
    return this.#added[kind] < time
  }

  /** Timers that are due at `time`, in order, at most `limit` of them. */
  due(kind: TimerKind, time: number, limit: number): readonly FiredTimer[] {
    this.#added[kind] = Infinity
    if (this.#earliest[kind] > time) return []
    const found: FiredTimer[] = []
    let first: string | undefined
    for (const place of this.state.keys(`due/${kind}/`, this.#from[kind])) {
      const timer = timerAt(kind, place)
      first ??= place
      if (found.length === 0) this.#earliest[kind] = timer.time
      if (timer.time > time || found.length === limit) break
      found.push(timer)
    }
    if (first === undefined) this.#earliest[kind] = Infinity
    else this.#from[kind] = first
    return found
  }

  /** The time by which `count` timers are due: `Infinity` when there are not so many by `time`. */
  dueWith(count: number, kind: TimerKind, time: number): number {
    if (this.#earliest[kind] > time) return Infinity
    let seen = 0
    for (const place of this.state.keys(`due/${kind}/`, this.#from[kind])) {
      const { time: due } = timerAt(kind, place)
      if (due > time) return Infinity
      if (++seen === count) return due
    }
    return Infinity
  }

  #set({ kind, time }: FiredTimer, place: string): void {
    if (time < this.#earliest[kind]) this.#earliest[kind] = time
    if (byBytes(place, this.#from[kind]) < 0) this.#from[kind] = place
  }
}

const dueKey = (kind: TimerKind, time: number, key: string): string => `due/${kind}/${time + epoch}/${key}`
const atKey = (kind: TimerKind, key: string): string => `at/${kind}/${key}`

function timerAt(kind: TimerKind, place: string): FiredTimer {
  const at = `due/${kind}/`.length
  return { key: place.slice(at + 17), time: Number(place.slice(at, at + 16)) - epoch, kind }
}
