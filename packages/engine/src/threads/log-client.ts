import {
  type AppendOptions,
  type Appended,
  type Bytes,
  type CommittedOffset,
  type Fetched,
  type Follower,
  type GroupMember,
  type GroupOptions,
  HeddleError,
  type KeyRange,
  type Log,
  type LogFeatures,
  type Position,
  type ReadOptions,
  type RecordInput,
  type RestoreProgress,
  type Store,
  type StoreOptions,
  type TopicPartition,
  type Transaction,
  type Transactor,
} from '@heddle/core'
import type { SentTransaction, StateQuestion } from './log-server.ts'
import type { Methods, Rpc } from './rpc.ts'
import { type SentFetched, receiveFetched } from './sent-records.ts'
import { Asker, type AskerEnd } from './sync-channel.ts'

type Handlers = Pick<GroupOptions, 'onAssigned' | 'onRevoked' | 'onLost'>

/** A log that another thread owns; see `LogServer`. */
export class LogClient implements Log {
  readonly features: LogFeatures
  readonly #rpc: Rpc
  readonly #asker: Asker
  readonly #members = new Map<number, MemberClient>()
  /** Told before the answer to the join has come. */
  readonly #early = new Map<number, [what: keyof Handlers, partitions: readonly TopicPartition[]][]>()
  readonly #progress = new Map<number, (progress: RestoreProgress) => void>()
  #lastRead = 0
  #lastStore = 0
  #closed = false
  readonly deleteRecords?: (before: Position) => Promise<void>

  readonly follow?: (name: string) => Follower

  constructor(rpc: Rpc, state: AskerEnd, features: LogFeatures, deletes: boolean, follows: boolean) {
    this.#rpc = rpc
    this.#asker = new Asker(state)
    this.features = features
    if (deletes) this.deleteRecords = (before) => rpc.call('log.deleteRecords', before)
    if (follows) this.follow = (name) => this.#follow(name)
  }

  /** What the owner of the log may call. */
  readonly methods: Methods = {
    'group.changed': async (
      id: number,
      what: keyof Handlers,
      partitions: readonly TopicPartition[],
    ): Promise<void> => {
      const member = this.#members.get(id)
      if (member) return member.changed(what, partitions)
      this.#early.set(id, [...(this.#early.get(id) ?? []), [what, partitions]])
    },
    'store.progress': (id: number, progress: RestoreProgress): void => this.#progress.get(id)?.(progress),
  }

  createTopic: Log['createTopic'] = (...args) => this.#call('createTopic', args)
  describeTopic: Log['describeTopic'] = (...args) => this.#call('describeTopic', args)
  alterTopic: Log['alterTopic'] = (...args) => this.#call('alterTopic', args)
  deleteTopic: Log['deleteTopic'] = (...args) => this.#call('deleteTopic', args)
  listTopics: Log['listTopics'] = (...args) => this.#call('listTopics', args)
  partitions: Log['partitions'] = (...args) => this.#call('partitions', args)
  offsetAt: Log['offsetAt'] = (...args) => this.#call('offsetAt', args)
  listGroups: Log['listGroups'] = (...args) => this.#call('listGroups', args)
  resetOffsets: Log['resetOffsets'] = (...args) => this.#call('resetOffsets', args)
  deleteGroup: Log['deleteGroup'] = (...args) => this.#call('deleteGroup', args)
  deleteStore: Log['deleteStore'] = (...args) => this.#call('deleteStore', args)

  append(
    topic: string,
    records: readonly RecordInput[],
    options?: AppendOptions,
  ): Promise<readonly Appended[]> {
    return this.#call('append', [topic, records, options])
  }

  async read(
    positions: readonly Position[],
    { signal, ...options }: ReadOptions = {},
  ): Promise<readonly Fetched[]> {
    const id = ++this.#lastRead
    const interrupt = (): void => void this.#rpc.call('log.interrupt', id)
    const reading = this.#ask<readonly SentFetched[]>('log.read', id, positions, options)
    if (signal?.aborted === true) interrupt()
    signal?.addEventListener('abort', interrupt)
    try {
      return (await reading).map(receiveFetched)
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  async joinGroup({ onAssigned, onRevoked, onLost, ...options }: GroupOptions): Promise<GroupMember> {
    const joined = await this.#rpc.call<{
      id: number
      member: string
      assignment: readonly TopicPartition[]
    }>('log.join', options)
    const handlers = {
      ...(onAssigned && { onAssigned }),
      ...(onRevoked && { onRevoked }),
      ...(onLost && { onLost }),
    }
    const member = new MemberClient(this.#rpc, options.group, joined, handlers)
    this.#members.set(joined.id, member)
    for (const [what, partitions] of this.#early.get(joined.id) ?? []) await member.changed(what, partitions)
    this.#early.delete(joined.id)
    return member
  }

  async transactor(id: string): Promise<Transactor> {
    return new TransactorClient(id, await this.#ask<number>('log.transactor', id), this.#rpc)
  }

  async store(name: string, { progress }: StoreOptions = {}): Promise<Store> {
    const id = ++this.#lastStore
    if (progress) this.#progress.set(id, progress)
    try {
      await this.#ask('log.store', name, progress && id)
    } finally {
      this.#progress.delete(id)
    }
    return new StoreClient(name, this.#asker)
  }

  #follow(name: string): Follower {
    const id = ++this.#lastStore
    const following = this.#ask('log.follow', id, name)
    // It is told of by whoever asks for more.
    following.catch(() => {})
    return {
      store: name,
      behind: async () => {
        await following
        return this.#ask('follower.behind', id)
      },
      close: async () => {
        await following
        await this.#ask('follower.close', id)
      },
    }
  }

  /** The log is the other thread's: only what was joined here is left. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all([...this.#members.values()].map((member) => member.leave()))
  }

  async #call<T>(method: keyof Log, args: readonly unknown[]): Promise<T> {
    return this.#ask<T>('log.call', method, ...args)
  }

  async #ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    if (this.#closed) throw new HeddleError('HEDDLE_LOG_CLOSED')
    return this.#rpc.call<T>(method, ...args)
  }
}

class MemberClient implements GroupMember {
  readonly group: string
  readonly member: string
  assignment: readonly TopicPartition[]
  readonly id: number
  readonly #rpc: Rpc
  readonly #handlers: Handlers
  #left: Promise<void> | undefined

  constructor(
    rpc: Rpc,
    group: string,
    { id, member, assignment }: { id: number; member: string; assignment: readonly TopicPartition[] },
    handlers: Handlers,
  ) {
    this.#rpc = rpc
    this.group = group
    this.member = member
    this.assignment = assignment
    this.id = id
    this.#handlers = handlers
  }

  async changed(what: keyof Handlers, partitions: readonly TopicPartition[]): Promise<void> {
    const among = (place: TopicPartition): boolean =>
      partitions.some(({ topic, partition }) => topic === place.topic && partition === place.partition)
    if (what === 'onAssigned')
      this.assignment = [...this.assignment.filter((place) => !among(place)), ...partitions]
    await this.#handlers[what]?.(partitions)
    if (what !== 'onAssigned') this.assignment = this.assignment.filter((place) => !among(place))
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return this.#rpc.call('member.committed', this.id, partitions)
  }

  commit(offsets: readonly CommittedOffset[]): Promise<void> {
    return this.#rpc.call('member.commit', this.id, offsets)
  }

  leave(): Promise<void> {
    return (this.#left ??= this.#rpc.call('member.leave', this.id))
  }
}

class TransactorClient implements Transactor {
  readonly id: string
  readonly #number: number
  readonly #rpc: Rpc
  #open: TransactionClient | undefined
  #closed = false

  constructor(id: string, number: number, rpc: Rpc) {
    this.id = id
    this.#number = number
    this.#rpc = rpc
  }

  begin(): Transaction {
    if (this.#closed) throw invalid(`'${this.id}' is closed`)
    if (this.#open?.over === false) throw invalid(`'${this.id}' has a transaction open`)
    return (this.#open = new TransactionClient((sent) =>
      this.#rpc.call('transactor.commit', this.#number, sent),
    ))
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#rpc.call('transactor.close', this.#number)
  }
}

class TransactionClient implements Transaction {
  over = false
  readonly #send: (sent: SentTransaction) => Promise<void>
  readonly #appends: SentTransaction['appends'][number][] = []
  readonly #offsets: SentTransaction['offsets'][number][] = []
  readonly #changes: SentTransaction['changes'][number][] = []

  constructor(send: (sent: SentTransaction) => Promise<void>) {
    this.#send = send
  }

  append(topic: string, records: readonly RecordInput[], options?: AppendOptions): void {
    this.#check()
    this.#appends.push([topic, records, options])
  }

  commitOffsets(member: GroupMember, offsets: readonly CommittedOffset[]): void {
    this.#check()
    this.#offsets.push([(member as MemberClient).id, offsets])
  }

  put(store: Store, key: string, value: Bytes | null): void {
    this.#check()
    this.#changes.push([store.name, key, value])
  }

  async commit(): Promise<void> {
    this.#check()
    this.over = true
    await this.#send({ appends: this.#appends, offsets: this.#offsets, changes: this.#changes })
  }

  async abort(): Promise<void> {
    this.over = true
  }

  #check(): void {
    if (this.over) throw invalid('it is over')
  }
}

const invalid = (what: string): HeddleError => new HeddleError('HEDDLE_LOG_TRANSACTION_INVALID', what)

/** How many entries of state are fetched with one question. */
const entriesAtOnce = 1000

class StoreClient implements Store {
  readonly name: string
  readonly #asker: Asker

  constructor(name: string, asker: Asker) {
    this.name = name
    this.#asker = asker
  }

  get(key: string): Bytes | undefined {
    return this.#ask({ store: this.name, get: key })
  }

  *entries({ gte, lt, limit = Infinity }: KeyRange = {}): Iterable<readonly [key: string, value: Bytes]> {
    let from = gte
    for (let left = limit; left > 0;) {
      const most = Math.min(left, entriesAtOnce)
      const page = this.#ask<readonly (readonly [string, Bytes])[]>({
        store: this.name,
        entries: { ...(from !== undefined && { gte: from }), ...(lt !== undefined && { lt }), limit: most },
      })
      yield* page
      if (page.length < most) return
      left -= page.length
      // The next key after the last one.
      from = `${page.at(-1)![0]}\u0000`
    }
  }

  size(): number {
    return this.#ask({ store: this.name, size: true })
  }

  #ask<T>(question: StateQuestion): T {
    return this.#asker.ask<T>(question)
  }
}
