import {
  type Clock,
  HeddleError,
  type Log,
  type Subscription,
  isHeddleError,
  sleep,
  utf8,
} from '@heddle/core'

/** The store that all processes share, and the transactor that writes it. */
const storeName = 'subscriptions'

/** How often a change is tried when another process changes something at the same time. */
const maxTries = 20

/** Longest wait between those, in milliseconds: chosen at random, so that they do not meet again. */
const maxWaitMs = 50

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

  async #change(
    name: string,
    change: (before: Subscription | undefined) => Subscription | undefined,
  ): Promise<Subscription | undefined> {
    for (let tries = 1; ; tries++) {
      // Opening it fences who is writing: what is read after that is what this one changes.
      const transactor = await this.#log.transactor(storeName)
      try {
        const store = await this.#log.store(storeName)
        const before = read(store.get(name))
        const after = change(before)
        if (after === before) return before
        const transaction = transactor.begin()
        transaction.put(store, name, after ? utf8(JSON.stringify(after)) : null)
        await transaction.commit()
        return after
      } catch (error) {
        if (!isHeddleError(error, 'HEDDLE_LOG_FENCED') || tries === maxTries) throw error
        await sleep(this.#clock, Math.random() * maxWaitMs)
      } finally {
        await transactor.close()
      }
    }
  }
}

const read = (value: Uint8Array | undefined): Subscription | undefined =>
  value && (JSON.parse(decoder.decode(value)) as Subscription)
