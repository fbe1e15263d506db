import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from '@heddle/client'

/** Publishes numbered events to a topic from several callers at once, until it is stopped. */
export class Traffic {
  /** Events that were begun; all of them are acknowledged once `stop` has resolved. */
  begun = 0
  readonly #client: Client
  readonly #topic: string
  readonly #callers: Promise<unknown>
  #stopped = false

  /** @param attempts How often each event is tried: many, so that it goes on while the host is away, or 1 for a host that never is. */
  constructor(url: string, topic: string, callers: number, attempts = 1000) {
    this.#client = createClient({ url, retry: { attempts, maxMs: 100 } })
    this.#topic = topic
    this.#callers = Promise.all(Array.from({ length: callers }, () => this.#publish()))
  }

  async #publish(): Promise<void> {
    while (!this.#stopped) await this.#client.publish(this.#topic, { type: 'n', data: { n: this.begun++ } })
  }

  /** Resolves when so many more were begun: later on a slow machine, and never too early. */
  async more(events: number): Promise<void> {
    const until = this.begun + events
    while (this.begun < until) await sleep(1)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#callers
    await this.#client.close()
  }
}
