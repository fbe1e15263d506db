import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Follower, HeddleError, type RestoreProgress } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { changelogOf, deleteChangelog } from './changelog.ts'
import { Followers } from './followers.ts'
import { Lanes } from './lanes.ts'
import { KafkaStore } from './store.ts'

/** The stores of this process, each in a folder of its own. */
export class Stores {
  readonly #cluster: Cluster
  readonly #stores = new Map<string, KafkaStore>()
  readonly #followers: Followers
  readonly #lanes = new Lanes()
  readonly #closing = new AbortController()

  constructor(cluster: Cluster, fetcher: Fetcher) {
    this.#cluster = cluster
    this.#followers = new Followers(cluster, fetcher)
  }

  /** The store, up to date with all that was committed when it was called; also when it is open already. */
  async open(name: string, progress?: (progress: RestoreProgress) => void): Promise<KafkaStore> {
    const store = this.#get(name)
    await store.restore(progress)
    return store
  }

  /** Keeps the copy of a store up to date until it is closed. */
  follow(name: string): Follower {
    return this.#followers.follow(this.#get(name))
  }

  /** Deletes the changelog, and the copy of it here. */
  async delete(name: string): Promise<void> {
    const store = this.#get(name)
    this.#stores.delete(name)
    await deleteChangelog(this.#cluster, store.topic)
    await store.delete()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#followers.close()
    await Promise.allSettled([...this.#stores.values()].map((store) => store.close()))
  }

  #get(name: string): KafkaStore {
    let store = this.#stores.get(name)
    if (store !== undefined) return store
    const { statePath } = this.#cluster.settings
    if (statePath === undefined)
      throw new HeddleError(
        'HEDDLE_CONFIG_INVALID',
        'log: keyed state on Kafka needs statePath, a folder for the local copy',
        { info: { setting: 'statePath' } },
      )
    mkdirSync(statePath, { recursive: true })
    store = new KafkaStore(name, changelogOf(name), {
      cluster: this.#cluster,
      lanes: this.#lanes,
      path: join(statePath, folderOf(name)),
      open: () => {
        if (this.#closing.signal.aborted) throw new HeddleError('HEDDLE_LOG_CLOSED')
      },
      closing: this.#closing.signal,
    })
    this.#stores.set(name, store)
    return store
  }
}

/** What a folder can be called on any system: what tells names apart is the hash, which also knows great letters from small ones. */
const folderOf = (name: string): string =>
  `${name.replaceAll(/[^a-zA-Z0-9.-]/g, '_').slice(0, 80)}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
