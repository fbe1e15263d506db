import { setTimeout as sleep } from 'node:timers/promises'

/** How long an answer may take before the caller tries again, in ms: as the clients of the world do. */
const patience = 30_000

/** What is counted of the answers. */
export interface Answers {
  /** By status; 0 is for no answer. */
  readonly statuses: Map<number, number>
  /** How long the slowest answer took, in ms. */
  slowest: number
  /** `Retry-After` of the refusals, in seconds. */
  readonly retryAfter: Set<number>
}

/**
 * Publishes events by key: each key has a caller of its own, which goes on only when its last event was acknowledged, and
 * tries again until it is, always at the same gateway. So the order of a key is known.
 */
export class KeyedTraffic {
  readonly answers: Answers = { statuses: new Map(), slowest: 0, retryAfter: new Set() }
  /** By key, how many events were acknowledged: those from 0 on. */
  readonly acknowledged = new Map<string, number>()
  readonly #topic: string
  readonly #pauseMs: number
  readonly #callers: Promise<unknown>
  #stopped = false
  #total = 0

  /** @param pauseMs Time between two events of a caller. */
  constructor(urls: readonly string[], topic: string, keys: number, pauseMs = 2) {
    this.#topic = topic
    this.#pauseMs = pauseMs
    this.#callers = Promise.all(
      Array.from({ length: keys }, (_, key) => this.#call(urls[key % urls.length]!, `key-${key}`)),
    )
  }

  /** Events that were acknowledged. */
  get total(): number {
    return this.#total
  }

  /** Resolves when so many more were acknowledged: later on a slow machine, and never too early. */
  async more(events: number): Promise<void> {
    const until = this.#total + events
    while (this.#total < until) await sleep(5)
  }

  /** Resolves when each caller has its last answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#callers
  }

  async #call(url: string, key: string): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      await this.#publish(url, key, i)
      this.acknowledged.set(key, i + 1)
      this.#total++
      await sleep(this.#pauseMs)
    }
  }

  async #publish(url: string, key: string, i: number): Promise<void> {
    const event = {
      specversion: '1.0',
      id: `${key}-${i}`,
      source: '/traffic',
      type: 'n',
      partitionkey: key,
      data: { key, i },
    }
    for (;;) {
      const began = performance.now()
      const [status, retryAfter] = await this.#post(`${url}/topics/${this.#topic}/events`, event)
      const { slowest, statuses } = this.answers
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status !== 0) this.answers.slowest = Math.max(slowest, performance.now() - began)
      if (status >= 200 && status < 300) return
      if (status !== 0 && status < 500) throw new Error(`${event.id} was refused with ${status}`)
      if (retryAfter !== undefined) this.answers.retryAfter.add(retryAfter)
      // Sooner than Retry-After asks for, so that the tests are short and refusals are many.
      await sleep(100)
    }
  }

  async #post(
    url: string,
    event: object,
  ): Promise<readonly [status: number, retryAfter: number | undefined]> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(patience),
      })
      await response.arrayBuffer()
      const retryAfter = response.headers.get('retry-after')
      return [response.status, retryAfter === null ? undefined : Number(retryAfter)]
    } catch {
      return [0, undefined]
    }
  }
}
