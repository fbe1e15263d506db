/**
 * Publishes to one topic: in batches, one after the other, so that events keep their order, each again and again until it
 * has an answer. The gateway drops repeats, so that an event is stored once however often it is sent.
 *
 * @module
 */
import { ClientError, type Problem, errorOf, isRetryable, unreachable } from './client-error.ts'
import { type Settings, topicUrl } from './options.ts'
import { type Backoff, backoffOf, pause, retryAfterMs } from './retry.ts'

/** Where an event is, once it is durable. */
export interface Published {
  readonly topic: string
  /** Not known yet of an event that is `buffered`, or sent later; nor is `offset`. */
  readonly partition?: number
  readonly offset?: number
  readonly id: string
  /** It was there already: this is the place of the first. */
  readonly duplicate?: true
  /** The gateway has it on disk, and brings it to the log as soon as that can be reached. */
  readonly buffered?: true
  /** It said `deliverat` or the like: the id of the schedule by which it is sent later, and when that is first (RFC 3339). */
  readonly schedule?: string
  readonly deliverat?: string
}

/** An event that waits for its answer. */
interface Waiting {
  readonly json: string
  readonly resolve: (place: Published) => void
  readonly reject: (error: ClientError) => void
}

type ItemResult =
  | (Published & { readonly status: number })
  | { readonly status: number; readonly error: Problem }

export class Publisher {
  readonly #settings: Settings
  readonly #topic: string
  readonly #backoff: Backoff
  readonly #waiting: Waiting[] = []
  #running = false

  constructor(settings: Settings, topic: string) {
    this.#settings = settings
    this.#topic = topic
    this.#backoff = backoffOf(settings.retry, 10)
  }

  /** Takes an event in, as JSON; resolves when it is durable. */
  add(json: string): Promise<Published> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ json, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    // At least until the caller is done: events of one turn of the loop go together.
    this.#running = true
    await pause(this.#settings.lingerMs)
    while (this.#waiting.length > 0) await this.#deliver(this.#nextBatch())
    this.#running = false
  }

  #nextBatch(): Waiting[] {
    const { maxBatchBytes, maxBatchEvents } = this.#settings
    let count = 0
    for (let bytes = 0; count < this.#waiting.length && count < maxBatchEvents; count++) {
      bytes += this.#waiting[count]!.json.length
      if (bytes > maxBatchBytes && count > 0) break
    }
    return this.#waiting.splice(0, count)
  }

  /** Sends until every event of the batch has its answer. */
  async #deliver(batch: Waiting[]): Promise<void> {
    let left = batch
    for (let failures = 0; left.length > 0;) {
      const { again, error, waitMs } = await this.#attempt(left)
      if (again.length === 0) return
      if (error.status === 413 && again.length > 1) {
        // Larger than some proxy likes.
        const half = Math.ceil(again.length / 2)
        await this.#deliver(again.slice(0, half))
        left = again.slice(half)
        continue
      }
      failures++
      if (!isRetryable(error) || failures >= this.#backoff.attempts) {
        for (const { reject } of again) reject(error)
        return
      }
      left = again
      await pause(Math.max(waitMs, this.#backoff.after(failures)))
    }
  }

  /** One request. `again` are those without an answer for good, because of `error`. */
  async #attempt(batch: Waiting[]): Promise<{ again: Waiting[]; error: ClientError; waitMs: number }> {
    const { requestTimeoutMs } = this.#settings
    let response: Response
    let results: readonly ItemResult[]
    try {
      response = await this.#settings.fetch(topicUrl(this.#settings, this.#topic), {
        method: 'POST',
        headers: { ...this.#settings.headers(), 'content-type': 'application/cloudevents-batch+json' },
        body: `[${batch.map(({ json }) => json).join(',')}]`,
        signal: AbortSignal.timeout(requestTimeoutMs),
      })
      const { ok, status } = response
      // 400 with results: all were refused, each for its own reason.
      const isResults =
        ok ||
        (status === 400 && response.headers.get('content-type')?.startsWith('application/json') === true)
      if (!isResults)
        return { again: batch, error: await errorOf(response), waitMs: retryAfterMs(response.headers) }
      results = ((await response.json()) as { results: readonly ItemResult[] }).results
    } catch (error) {
      return { again: batch, error: unreachable(error), waitMs: 0 }
    }
    return { ...this.#settle(batch, results), waitMs: retryAfterMs(response.headers) }
  }

  #settle(batch: Waiting[], results: readonly ItemResult[]): { again: Waiting[]; error: ClientError } {
    const again: Waiting[] = []
    let error = unreachable(new Error(`the answer has ${results.length} results for ${batch.length} events`))
    batch.forEach((item, at) => {
      const result = results[at]
      if (result === undefined) again.push(item)
      else if ('error' in result) {
        const refused = new ClientError(result.error)
        if (!isRetryable(refused)) return item.reject(refused)
        again.push(item)
        error = refused
      } else {
        const { status: _status, ...place } = result
        item.resolve(place)
      }
    })
    return { again, error }
  }
}
