import type { State } from '@heddle/core'
import type { ComponentState } from './component-state.ts'
import type { UndoLog } from './undo-log.ts'

/** The state as one task has it: what an attempt changed can be taken back. */
export class TaskState implements State {
  readonly #shared: ComponentState
  readonly #undo: UndoLog | undefined

  /** @param undo None where several attempts are under way at once: whose change it is cannot be told then. */
  constructor(shared: ComponentState, undo: UndoLog | undefined) {
    this.#shared = shared
    this.#undo = undo
  }

  get<T>(key: string): T | undefined {
    return this.#shared.get(key) as T | undefined
  }

  put<T>(key: string, value: T): void {
    if (value === undefined) return this.delete(key)
    this.#undo?.remember(this.#shared, key)
    this.#shared.set(key, value)
  }

  delete(key: string): void {
    this.#undo?.remember(this.#shared, key)
    this.#shared.delete(key)
  }

  entries<T>(prefix = ''): Iterable<readonly [key: string, value: T]> {
    return this.#shared.entries(prefix) as Iterable<readonly [key: string, value: T]>
  }
}
