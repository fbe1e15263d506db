import type { ComponentState } from './component-state.ts'

/** What an attempt has changed, so that it can be taken back. */
export class UndoLog {
  readonly #states: ComponentState[] = []
  readonly #keys: string[] = []
  readonly #before: unknown[] = []

  /** To be called before the change. */
  remember(state: ComponentState, key: string): void {
    this.#states.push(state)
    this.#keys.push(key)
    this.#before.push(state.entry(key))
  }

  /** An attempt succeeded: its changes stay. */
  keep(): void {
    if (this.#keys.length === 0) return
    this.#states.length = 0
    this.#keys.length = 0
    this.#before.length = 0
  }

  /** An attempt failed: its changes are taken back. */
  undo(): void {
    for (let at = this.#keys.length - 1; at >= 0; at--)
      this.#states[at]!.restore(this.#keys[at]!, this.#before[at])
    this.keep()
  }
}
