import type { Clock, Delivered, ReceiveOptions } from '@heddle/core'
import type { Holder, Ledger } from './ledger.ts'

interface Waiter {
  readonly holder: Holder
  readonly max: number
  readonly answer: (given: readonly Delivered[]) => void
}

/** Consumers that wait for events: served in turn, each its share of what there is. */
export class WaitingLine {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()
  #serving = false

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  /** Resolves with events, or with none when the wait is over. */
  receive(holder: Holder, { max = 1, waitMs = 0, signal }: ReceiveOptions): Promise<readonly Delivered[]> {
    if (signal?.aborted === true) return Promise.resolve([])
    if (this.#waiters.size === 0) {
      const given = this.#ledger.lease(max, holder)
      if (given.length > 0 || waitMs <= 0) return Promise.resolve(given)
    } else if (waitMs <= 0) return Promise.resolve(this.#ledger.lease(max, holder))
    return new Promise((resolve) => {
      const answer = (given: readonly Delivered[]): void => {
        timer.clear()
        signal?.removeEventListener('abort', end)
        this.#waiters.delete(waiter)
        resolve(given)
      }
      const end = (): void => answer([])
      const waiter: Waiter = { holder, max, answer }
      const timer = this.#clock.after(waitMs, end)
      signal?.addEventListener('abort', end)
      this.#waiters.add(waiter)
    })
  }

  /** There is perhaps something for those who wait. Many calls in one turn serve once. */
  ring(): void {
    if (this.#serving || this.#waiters.size === 0) return
    this.#serving = true
    queueMicrotask(() => {
      this.#serving = false
      const waiters = [...this.#waiters].filter(({ holder }) => holder.barred !== true)
      let left = waiters.length
      for (const waiter of waiters) {
        const { ready } = this.#ledger
        if (ready === 0) return
        const share = Math.ceil(ready / left--)
        const given = this.#ledger.lease(Math.min(waiter.max, share), waiter.holder)
        if (given.length > 0) waiter.answer(given)
      }
    })
  }

  /** Ends the waits of a holder, or all. */
  dismiss(holder?: Holder): void {
    for (const waiter of this.#waiters) if (!holder || waiter.holder === holder) waiter.answer([])
  }
}
