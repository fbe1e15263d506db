import type { State } from '@heddle/core'
import type { ComponentState } from './component-state.ts'

/** The state as one task has it: what an attempt changed can be taken back. */
export class TaskState implements State {
  readonly #shared: ComponentState
  readonly #undoable: boolean
  readonly #keys: string[] = []
  readonly #before: unknown[] = []

  /** @param undoable False where several attempts are under way at once: whose change it is cannot be told then. */
  constructor(shared: ComponentState, undoable: boolean) {
    this.#shared = shared
    this.#undoable = undoable
  }

  get<T>(key: string): T | undefined {
    return this.#shared.get(key) as T | undefined
  }

  put<T>(key: string, value: T): void {
    if (value === undefined) return this.delete(key)
    this.#remember(key)
    this.#shared.set(key, value)
  }

  delete(key: string): void {
    this.#remember(key)
    this.#shared.delete(key)
  }

  *entries<T>(prefix = ''): Iterable<readonly [key: string, value: T]> {
    for (const key of this.#shared.keys(prefix)) yield [key, this.#shared.get(key) as T]
  }

  /** An attempt succeeded: its changes stay. */
  keep(): void {
    if (this.#keys.length === 0) return
    this.#keys.length = 0
    this.#before.length = 0
  }

  /** An attempt failed: its changes are taken back. */
  undo(): void {
    for (let at = this.#keys.length - 1; at >= 0; at--)
      this.#shared.restore(this.#keys[at]!, this.#before[at])
    this.keep()
  }

  #remember(key: string): void {
    if (!this.#undoable) return
    this.#keys.push(key)
    this.#before.push(this.#shared.entry(key))
  }
}
