import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HeddleError } from '@heddle/core'
import { open } from 'lmdb'
import type { Cluster } from '../client/cluster.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import { createInternalTopic } from '../topic/registry.ts'
import { KafkaStore, type StateTree } from './store.ts'

/** The stores of this process, in one LMDB file. */
export class Stores {
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #stores = new Map<string, Promise<KafkaStore>>()
  #tree: StateTree | undefined
  #closed = false

  constructor(cluster: Cluster, fetcher: Fetcher) {
    this.#cluster = cluster
    this.#fetcher = fetcher
  }

  /** The store, up to date with all that was committed when it was called; also when it is open already. */
  async open(name: string): Promise<KafkaStore> {
    let opening = this.#stores.get(name)
    if (opening === undefined) {
      opening = this.#make(name)
      this.#stores.set(name, opening)
      opening.catch(() => this.#stores.delete(name))
    }
    const store = await opening
    await store.restore()
    return store
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#stores.values())
    await this.#tree?.close()
  }

  async #make(name: string): Promise<KafkaStore> {
    const { statePath } = this.#cluster.settings
    if (statePath === undefined)
      throw new HeddleError(
        'HEDDLE_CONFIG_INVALID',
        'log: keyed state on Kafka needs statePath, a folder for the local copy',
        {
          info: { setting: 'statePath' },
        },
      )
    const topic = changelogOf(name)
    if ((await this.#cluster.topic(topic)) === undefined)
      await createInternalTopic(this.#cluster, topic, { 'cleanup.policy': 'compact' })
    const metadata = await this.#cluster.topic(topic)
    return new KafkaStore(name, topic, metadata!.id, {
      cluster: this.#cluster,
      fetcher: this.#fetcher,
      tree: (this.#tree ??= openTree(statePath)),
      open: () => {
        if (this.#closed) throw new HeddleError('HEDDLE_LOG_CLOSED')
      },
    })
  }
}

function openTree(path: string): StateTree {
  mkdirSync(path, { recursive: true })
  // What a power cut takes of the copy is read again from the changelog.
  return open<Buffer, Buffer>({
    path: join(path, 'kafka-state.lmdb'),
    noSubdir: true,
    keyEncoding: 'binary',
    encoding: 'binary',
  })
}

/** Name of the changelog of a store: what a topic's name cannot hold is replaced, and told apart by a hash. */
function changelogOf(name: string): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9._-]/g, '_')
  const short = plain.slice(0, 180)
  const same = short === name
  return `__heddle_store.${short}${same ? '' : `-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`}`
}
