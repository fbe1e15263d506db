import { type Clock, HeddleError, type Log, type Subscription, utf8 } from '@heddle/core'
import { writing } from './writing.ts'

/** The store that all processes share, and the transactor that writes it. */
const storeName = 'subscriptions'

const decoder = new TextDecoder()

/** All subscriptions, by name, as they are kept with the log. */
export class Definitions {
  readonly #log: Log
  readonly #clock: Clock
  #writing: Promise<unknown> = Promise.resolve()

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** @throws HEDDLE_SUBSCRIPTION_UNKNOWN */
  async get(name: string): Promise<Subscription> {
    const found = await this.find(name)
    if (!found) throw new HeddleError('HEDDLE_SUBSCRIPTION_UNKNOWN', `'${name}'`)
    return found
  }

  async find(name: string): Promise<Subscription | undefined> {
    const store = await this.#log.store(storeName)
    return read(store.get(name))
  }

  async list(): Promise<readonly Subscription[]> {
    const store = await this.#log.store(storeName)
    return [...store.entries()].map(([, value]) => read(value)!)
  }

  /**
   * Changes one, after all changes before it, also of other processes.
   * @param change Gets what is there, and gives what is to be there instead; what it was given when nothing is to be changed.
   */
  change(
    name: string,
    change: (before: Subscription | undefined) => Subscription | undefined,
  ): Promise<Subscription | undefined> {
    const changed = this.#writing.then(() => this.#change(name, change))
    this.#writing = changed.catch(() => {})
    return changed
  }

  #change(
    name: string,
    change: (before: Subscription | undefined) => Subscription | undefined,
  ): Promise<Subscription | undefined> {
    return writing(this.#log, this.#clock, storeName, async (transactor) => {
      const store = await this.#log.store(storeName)
      const before = read(store.get(name))
      const after = change(before)
      if (after === before) return before
      const transaction = transactor.begin()
      transaction.put(store, name, after ? utf8(JSON.stringify(after)) : null)
      await transaction.commit()
      return after
    })
  }
}

const read = (value: Uint8Array | undefined): Subscription | undefined =>
  value && (JSON.parse(decoder.decode(value)) as Subscription)
