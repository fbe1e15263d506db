import { type Log, type RecordInput, type Store, type Transactor } from '@heddle/core'

/** Where the buffer is emptied into, as long as nothing goes wrong. */
interface Session {
  readonly transactor: Transactor
  readonly store: Store
}

/**
 * The log that a buffer is emptied into. How far it has been emptied is kept there, in the same transaction as the
 * events: so a crash at any moment leaves both or none, and nothing is written twice.
 */
export class Target {
  readonly log: Log
  readonly #name: string
  #session: Promise<Session> | undefined

  /** @param id Of the buffer: what is emptied is told apart by it. */
  constructor(log: Log, id: string) {
    this.log = log
    this.#name = `heddle.buffer.${id}`
  }

  /** Up to which offset of its part of the buffer a topic was emptied; 0 for one that never was. */
  async position(topic: string): Promise<number> {
    const { store } = await this.#open()
    const value = store.get(topic)
    return value === undefined ? 0 : Number(Buffer.from(value).toString())
  }

  /** Appends, and keeps the position; durable when it resolves. @throws when it is not known whether it is. */
  async write(topic: string, records: readonly RecordInput[], position: number): Promise<void> {
    const { transactor, store } = await this.#open()
    // Nothing is awaited between begin and commit, so that the topics can share the transactor.
    const transaction = transactor.begin()
    transaction.append(topic, records, { dedupe: true })
    transaction.put(store, topic, Buffer.from(String(position)))
    await transaction.commit()
  }

  /** Begins anew with what is written: to be called when anything has failed. */
  async reset(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    // It may never have been opened.
    await session?.then(({ transactor }) => transactor.close()).catch(() => undefined)
  }

  #open(): Promise<Session> {
    this.#session ??= this.#begin()
    return this.#session
  }

  async #begin(): Promise<Session> {
    // First the transactor, which ends what a former one left open; then what is committed.
    const transactor = await this.log.transactor(this.#name)
    return { transactor, store: await this.log.store(this.#name) }
  }
}
