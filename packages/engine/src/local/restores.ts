import type { RestoreProgress, StoreOptions } from '@heddle/core'

/** The stores that are being read into this process, for whoever asks what a topology waits for. */
export class Restores {
  readonly #running = new Map<string, RestoreProgress>()

  /** For `Log.store`. */
  readonly options: StoreOptions = {
    progress: (progress) => {
      if (progress.state === 'running') this.#running.set(progress.store, progress)
      else this.#running.delete(progress.store)
    },
  }

  get running(): readonly RestoreProgress[] {
    return [...this.#running.values()]
  }
}
