import type {
  AppendOptions,
  CommittedOffset,
  Follower,
  GroupMember,
  GroupOptions,
  KeyRange,
  Log,
  Position,
  ReadOptions,
  RecordInput,
  RestoreProgress,
  Store,
  TopicPartition,
  Transactor,
} from '@heddle/core'
import type { Methods, Rpc } from './rpc.ts'
import { type SentFetched, sendFetched } from './sent-records.ts'
import { type AskerEnd, answering } from './sync-channel.ts'

/** What a transaction has gathered. */
export interface SentTransaction {
  readonly appends: readonly (readonly [
    topic: string,
    records: readonly RecordInput[],
    options: AppendOptions | undefined,
  ])[]
  readonly offsets: readonly (readonly [member: number, offsets: readonly CommittedOffset[]])[]
  readonly changes: readonly (readonly [store: string, key: string, value: Uint8Array | null])[]
}

/** A question about state; see `StoreClient`. */
export type StateQuestion =
  | { readonly store: string; readonly get: string }
  | { readonly store: string; readonly entries: KeyRange }
  | { readonly store: string; readonly size: true }

/**
 * A log for another thread. This thread owns it: when the other one ends, however it ends, what it had joined is left at once,
 * and no lock of the log is held by it.
 */
export class LogServer {
  readonly #log: Log
  readonly #members = new Map<number, GroupMember>()
  readonly #transactors = new Map<number, Transactor>()
  readonly #stores = new Map<string, Store>()
  readonly #followers = new Map<number, Follower>()
  readonly #reads = new Map<number, AbortController>()
  readonly #state: ReturnType<typeof answering>
  #last = 0

  constructor(log: Log) {
    this.#log = log
    this.#state = answering((question) => this.#answer(question as StateQuestion))
  }

  /** For the other thread's `LogClient`. */
  get state(): AskerEnd {
    return this.#state.end
  }

  /** @param rpc The way back, for what a group tells its members. */
  methods(rpc: () => Rpc): Methods {
    const log = this.#log
    return {
      'log.call': (method: 'createTopic', ...args: Parameters<Log['createTopic']>) => log[method](...args),
      'log.deleteRecords': (before: Position) => log.deleteRecords?.(before),
      'log.read': async (
        id: number,
        positions: readonly Position[],
        options: ReadOptions,
      ): Promise<SentFetched[]> => {
        const reading = new AbortController()
        this.#reads.set(id, reading)
        try {
          return (await log.read(positions, { ...options, signal: reading.signal })).map(sendFetched)
        } finally {
          this.#reads.delete(id)
        }
      },
      'log.interrupt': (id: number) => this.#reads.get(id)?.abort(),
      'log.join': async (
        options: GroupOptions,
      ): Promise<{ id: number; member: string; assignment: readonly TopicPartition[] }> => {
        const id = ++this.#last
        const tell = (what: string) => (partitions: readonly TopicPartition[]) =>
          rpc().call<void>('group.changed', id, what, partitions)
        const member = await log.joinGroup({
          ...options,
          onAssigned: tell('onAssigned'),
          onRevoked: tell('onRevoked'),
          onLost: tell('onLost'),
        })
        this.#members.set(id, member)
        return { id, member: member.member, assignment: member.assignment }
      },
      'member.committed': (id: number, partitions: readonly TopicPartition[]) =>
        this.#member(id).committed(partitions),
      'member.commit': (id: number, offsets: readonly CommittedOffset[]) => this.#member(id).commit(offsets),
      'member.assignment': (id: number) => this.#member(id).assignment,
      'member.leave': async (id: number): Promise<void> => {
        await this.#member(id).leave()
      },
      'log.transactor': async (name: string): Promise<number> => {
        const id = ++this.#last
        this.#transactors.set(id, await log.transactor(name))
        return id
      },
      'transactor.commit': (id: number, sent: SentTransaction): Promise<void> => this.#commit(id, sent),
      'transactor.close': async (id: number): Promise<void> => {
        await this.#transactors.get(id)?.close()
        this.#transactors.delete(id)
      },
      'log.store': async (name: string, id?: number): Promise<void> => {
        const progress = (progress: RestoreProgress): void =>
          void rpc()
            .call('store.progress', id, progress)
            .catch(() => {}) // that thread is gone
        this.#stores.set(name, await log.store(name, id === undefined ? {} : { progress }))
      },
      'log.follow': (id: number, name: string): void => {
        this.#followers.set(id, log.follow!(name))
      },
      'follower.behind': (id: number) => this.#followers.get(id)?.behind(),
      'follower.close': async (id: number): Promise<void> => {
        await this.#followers.get(id)?.close()
        this.#followers.delete(id)
      },
    }
  }

  /** Lets go of all that the other thread had. */
  async close(): Promise<void> {
    this.#state.close()
    for (const reading of this.#reads.values()) reading.abort()
    const closing = [
      ...[...this.#transactors.values()].map((transactor) => transactor.close()),
      ...[...this.#members.values()].map((member) => member.leave()),
      ...[...this.#followers.values()].map((follower) => follower.close()),
    ]
    await Promise.allSettled(closing)
  }

  #member(id: number): GroupMember {
    return this.#members.get(id)!
  }

  async #commit(id: number, { appends, offsets, changes }: SentTransaction): Promise<void> {
    const transaction = this.#transactors.get(id)!.begin()
    try {
      for (const [topic, records, options] of appends) transaction.append(topic, records, options)
      for (const [member, committed] of offsets) transaction.commitOffsets(this.#member(member), committed)
      for (const [store, key, value] of changes) transaction.put(this.#stores.get(store)!, key, value)
    } catch (error) {
      await transaction.abort()
      throw error
    }
    await transaction.commit()
  }

  #answer(question: StateQuestion): unknown {
    const store = this.#stores.get(question.store)!
    if ('get' in question) return store.get(question.get)
    if ('entries' in question) return [...store.entries(question.entries)]
    return store.size()
  }
}
