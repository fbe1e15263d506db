import { type Follower, type TopicPartition, sleep } from '@heddle/core'
import { publish } from '../channels.ts'
import type { Cluster } from '../client/cluster.ts'
import { backoffMs } from '../client/retry.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { listEnds } from '../fetch/list-offsets.ts'
import type { KafkaStore } from './store.ts'

/** How long one read waits for changes, in ms; it ends sooner when a store comes or goes. */
const waitMs = 5_000

/** How much one read takes, in bytes, of all that are followed: they are not to keep this process from its own work. */
const readBytes = 2 ** 20

interface Followed {
  readonly store: KafkaStore
  /** The copy was made, and is kept by reading on. */
  made: boolean
  /** How many asked for it. */
  followers: number
}

/** Keeps copies of stores that other processes write: one read for all of them, one after another. */
export class Followers {
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #followed = new Map<string, Followed>()
  readonly #closing = new AbortController()
  /** Ends the read that is under way: it is for other stores now. */
  #changed = new AbortController()
  #running: Promise<void> | undefined

  constructor(cluster: Cluster, fetcher: Fetcher) {
    this.#cluster = cluster
    this.#fetcher = fetcher
  }

  follow(store: KafkaStore): Follower {
    let followed = this.#followed.get(store.name)
    if (followed === undefined) {
      followed = { store, made: false, followers: 0 }
      this.#followed.set(store.name, followed)
    }
    followed.followers++
    const mine = followed
    this.#changed.abort()
    this.#running ??= this.#run()
    let closed = false
    return {
      store: store.name,
      behind: async () => (mine.made ? this.#behind(mine.store) : undefined),
      close: async () => {
        if (closed) return
        closed = true
        if (--mine.followers > 0) return
        this.#followed.delete(store.name)
        this.#changed.abort()
      },
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#changed.abort()
    await this.#running
  }

  async #behind(store: KafkaStore): Promise<number> {
    // All that is written, also what is committed and whose marks are on their way.
    const [end] = await listEnds(this.#cluster, [placeOf(store)], 'all')
    const behind = end! - store.offset
    // One mark at the end of the last transaction is no change.
    return behind > 1 ? behind : 0
  }

  async #run(): Promise<void> {
    const { clock } = this.#cluster.settings
    let failures = 0
    while (this.#followed.size > 0 && !this.#closing.signal.aborted) {
      this.#changed = new AbortController()
      try {
        await this.#round()
        failures = 0
      } catch (error) {
        if (this.#closing.signal.aborted) break
        publish('heddle:log:kafka:background-error', () => ({ task: 'store', error }))
        // What was deleted, or made anew, is found out when it is opened again.
        for (const followed of this.#followed.values()) followed.made = false
        await sleep(clock, backoffMs(failures++), this.#closing.signal)
      }
    }
    this.#running = undefined
  }

  async #round(): Promise<void> {
    for (const followed of this.#followed.values())
      if (!followed.made) followed.made = await followed.store.prepare()
    const made = [...this.#followed.values()].filter((each) => each.made)
    if (made.length === 0) {
      // Their owners have not made them yet, or they were deleted.
      await sleep(this.#cluster.settings.clock, waitMs, this.#changed.signal)
      return
    }
    const byTopic = new Map(made.map((each) => [each.store.topic, each]))
    const positions = made.map(({ store }) => ({ ...placeOf(store), offset: store.offset }))
    const options = { waitMs, maxBytes: readBytes, signal: this.#changed.signal }
    for (const { topic, records, nextOffset } of await this.#fetcher.read(positions, options)) {
      const followed = byTopic.get(topic)!
      const from = positions.find((position) => position.topic === topic)!.offset
      const changes = records.map(({ key, value }) => [key ?? Buffer.alloc(0), value] as const)
      await followed.store.follow(changes, from, nextOffset)
    }
  }
}

const placeOf = ({ topic }: KafkaStore): TopicPartition => ({ topic, partition: 0 })
