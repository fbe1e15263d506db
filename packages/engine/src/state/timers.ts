import type { FiredTimer, TimerKind, Timers } from '@heddle/core'
import type { ComponentState } from './component-state.ts'
import { TaskState } from './task-state.ts'
import type { UndoLog } from './undo-log.ts'

/** Makes times sort as text, also those before 1970. */
const epoch = 1e15

/**
 * Timers of a component, in a state of their own.
 *
 * ```
 * state:  'due/' <kind> '/' <time + 10^15, 16 digits> '/' <key>  →  1
 *         'at/' <kind> '/' <key>                                 →  time, in milliseconds
 * ```
 *
 * However many wait, only those that are due are looked at.
 */
export class ComponentTimers {
  readonly state: ComponentState
  /** None is due before. */
  readonly #earliest: Record<TimerKind, number> = { event: -Infinity, processing: -Infinity }
  /** The first of those that were set since `due` was asked. */
  readonly #added: Record<TimerKind, number> = { event: Infinity, processing: Infinity }

  constructor(state: ComponentState) {
    this.state = state
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
        if (!Number.isFinite(time)) throw new RangeError(`timer '${key}': ${time} is no time in milliseconds`)
        const due = Math.ceil(time)
        if (get(key, kind) === due) return
        remove(key, kind)
        state.put(dueKey(kind, due, key), 1)
        state.put(atKey(kind, key), due)
        if (due < this.#earliest[kind]) this.#earliest[kind] = due
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
    const prefix = `due/${kind}/`
    const found: FiredTimer[] = []
    for (const place of this.state.keys(prefix)) {
      const at = Number(place.slice(prefix.length, prefix.length + 16)) - epoch
      if (at > time || found.length === limit) {
        this.#earliest[kind] = found[0]?.time ?? at
        return found
      }
      found.push({ key: place.slice(prefix.length + 17), time: at, kind })
    }
    this.#earliest[kind] = found[0]?.time ?? Infinity
    return found
  }
}

const dueKey = (kind: TimerKind, time: number, key: string): string => `due/${kind}/${time + epoch}/${key}`
const atKey = (kind: TimerKind, key: string): string => `at/${kind}/${key}`
