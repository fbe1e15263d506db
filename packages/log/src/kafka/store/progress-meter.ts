import { type Clock, type RestoreProgress, errorMessage } from '@heddle/core'
import { publish } from '../channels.ts'

/** How often progress is told, in ms: often enough for a bar that moves. */
const everyMs = 200

/** Measures the restore of one store, and tells of it: at the beginning, now and then, and at the end. */
export class ProgressMeter {
  readonly #store: string
  readonly #clock: Clock
  readonly #total: number
  readonly #standby: boolean
  readonly #tell: ((progress: RestoreProgress) => void) | undefined
  readonly #started: number
  #done = 0
  #records = 0
  #bytes = 0
  #told: number

  /** @param total Offsets that there are to read. */
  constructor(
    store: string,
    clock: Clock,
    total: number,
    standby: boolean,
    tell: ((progress: RestoreProgress) => void) | undefined,
  ) {
    this.#store = store
    this.#clock = clock
    this.#total = total
    this.#standby = standby
    this.#tell = tell
    this.#started = this.#told = clock.now()
    this.#say('running')
  }

  /** @param done Offsets that were read by now. */
  add(done: number, records: number, bytes: number): void {
    this.#done = Math.min(done, this.#total)
    this.#records += records
    this.#bytes += bytes
    if (this.#clock.now() - this.#told < everyMs) return
    this.#told = this.#clock.now()
    this.#say('running')
  }

  end(): void {
    this.#done = this.#total
    this.#say('done')
  }

  fail(error: unknown): void {
    this.#say('failed', errorMessage(error))
  }

  #say(state: RestoreProgress['state'], error?: string): void {
    const progress: RestoreProgress = {
      store: this.#store,
      state,
      done: this.#done,
      total: this.#total,
      records: this.#records,
      bytes: this.#bytes,
      elapsedMs: this.#clock.now() - this.#started,
      ...(error !== undefined && { error }),
    }
    this.#tell?.(progress)
    publish('heddle:log:kafka:restore', () => ({ ...progress, standby: this.#standby }))
  }
}
