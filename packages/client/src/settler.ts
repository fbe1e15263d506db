/**
 * Settles events of one subscription: what is said while a request is under way goes together with the next.
 *
 * @module
 */
import { askAgain } from './ask.ts'
import type { NackOptions } from './job.ts'
import type { Settings } from './options.ts'
import { type Backoff, backoffOf } from './retry.ts'

/** What is said of an event, as the gateway takes it. */
type Said =
  | { readonly as: 'ack' | 'release' }
  | { readonly as: 'nack'; readonly options: NackOptions }
  | { readonly as: 'extend'; readonly ms: number }

interface Waiting {
  readonly lease: string
  readonly said: Said
  readonly resolve: (held: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Most settlements in one request. */
const maxSettlements = 1_000

export class Settler {
  readonly #settings: Settings
  readonly #path: string
  readonly #backoff: Backoff
  readonly #waiting: Waiting[] = []
  #running = false

  /** @param path Of the subscription. */
  constructor(settings: Settings, path: string) {
    this.#settings = settings
    this.#path = `${path}/settle`
    this.#backoff = backoffOf(settings.retry, 10)
  }

  /** Resolves when it is durable, with `false` when the lease was not held any more. */
  settle(lease: string, said: Said): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lease, said, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    // What the caller says in this turn goes together.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, maxSettlements))
    this.#running = false
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const body: Record<string, unknown[]> = {}
    for (const { lease, said } of batch) (body[said.as] ??= []).push(textOf(lease, said))
    try {
      const { lost } = await askAgain<{ readonly lost: readonly string[] }>(
        this.#settings,
        { method: 'POST', path: this.#path, body: JSON.stringify(body) },
        this.#backoff,
      )
      const late = new Set(lost)
      for (const { lease, resolve } of batch) resolve(!late.has(lease))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

function textOf(lease: string, said: Said): unknown {
  if (said.as === 'nack') return { lease, ...said.options }
  return said.as === 'extend' ? { lease, ms: said.ms } : lease
}
