import type { PushStatus } from '@heddle/core'

export interface BreakerSettings {
  /** Failures one after the other that open it. */
  readonly failures: number
  /** How long it stays open the first time, in milliseconds; doubled each time that the one that tries fails too. */
  readonly openMs: number
  readonly maxOpenMs: number
}

/** Leaves an endpoint alone that fails again and again: closed → open → half-open, in which one request tries → closed or open. */
export class Breaker {
  readonly #settings: BreakerSettings
  #state: PushStatus['breaker'] = 'closed'
  #failures = 0
  #openMs: number
  /** Requests that began in another state say nothing about this one. */
  #round = 0
  /** Until when it is open, in milliseconds since 1970. */
  openUntil = 0

  constructor(settings: BreakerSettings) {
    this.#settings = settings
    this.#openMs = settings.openMs
  }

  get state(): PushStatus['breaker'] {
    return this.#state
  }

  /** Taken when a request begins, and given back with what became of it. */
  get round(): number {
    return this.#round
  }

  /** Its time is over: one request may try. */
  tryOne(): void {
    this.#become('half-open')
  }

  /** The endpoint answered as one that is alive. @returns Whether that closed it. */
  alive(round: number): boolean {
    if (round !== this.#round) return false
    this.#failures = 0
    if (this.#state === 'closed') return false
    this.#openMs = this.#settings.openMs
    this.#become('closed')
    return true
  }

  /** It failed. @returns Whether that opened it. */
  failed(round: number, now: number): boolean {
    if (round !== this.#round) return false
    if (++this.#failures < this.#settings.failures && this.#state === 'closed') return false
    if (this.#state === 'half-open') this.#openMs = Math.min(this.#settings.maxOpenMs, this.#openMs * 2)
    this.openUntil = now + this.#openMs
    this.#become('open')
    return true
  }

  #become(state: PushStatus['breaker']): void {
    this.#state = state
    this.#round++
  }
}
