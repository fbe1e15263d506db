import {
  type AppendOptions,
  type Bytes,
  type CommittedOffset,
  type GroupMember,
  HeddleError,
  type RecordInput,
  type Store,
  type Transaction,
} from '@heddle/core'
import { KafkaMember } from '../group/member.ts'
import { KafkaStore } from '../store/store.ts'

/** Records for one topic, in one way. */
export interface BufferedAppend {
  readonly name: string
  readonly records: readonly RecordInput[]
  readonly dedupe: boolean
}

/** What is to be done when a transaction commits. */
export interface Work {
  readonly appends: readonly BufferedAppend[]
  readonly offsets: ReadonlyMap<KafkaMember, ReadonlyMap<string, CommittedOffset>>
  readonly state: ReadonlyMap<KafkaStore, ReadonlyMap<string, Bytes | null>>
}

/** Gathers what belongs together; nothing leaves before `commit`. */
export class KafkaTransaction implements Transaction {
  readonly #enqueue: (work: Work) => Promise<void>
  readonly #onEnd: () => void
  readonly #appends: BufferedAppend[] = []
  readonly #offsets = new Map<KafkaMember, Map<string, CommittedOffset>>()
  readonly #state = new Map<KafkaStore, Map<string, Bytes | null>>()
  #ended = false

  /** @param onEnd Called when it is filled no more. */
  constructor(enqueue: (work: Work) => Promise<void>, onEnd: () => void) {
    this.#enqueue = enqueue
    this.#onEnd = onEnd
  }

  append(topic: string, records: readonly RecordInput[], options?: AppendOptions): void {
    this.#check()
    if (records.length > 0)
      this.#appends.push({ name: topic, records: [...records], dedupe: options?.dedupe === true })
  }

  commitOffsets(member: GroupMember, offsets: readonly CommittedOffset[]): void {
    this.#check()
    if (!(member instanceof KafkaMember)) throw new TypeError('the member is of another log')
    let known = this.#offsets.get(member)
    if (known === undefined) this.#offsets.set(member, (known = new Map()))
    for (const offset of offsets) known.set(`${offset.topic}/${offset.partition}`, offset)
  }

  put(store: Store, key: string, value: Bytes | null): void {
    this.#check()
    if (!(store instanceof KafkaStore)) throw new TypeError('the store is of another log')
    store.checkKey(key)
    let changes = this.#state.get(store)
    if (changes === undefined) this.#state.set(store, (changes = new Map()))
    changes.set(key, value)
  }

  async commit(): Promise<void> {
    this.#check()
    this.#over()
    await this.#enqueue({ appends: this.#appends, offsets: this.#offsets, state: this.#state })
  }

  async abort(): Promise<void> {
    if (!this.#ended) this.#over()
  }

  #over(): void {
    this.#ended = true
    this.#onEnd()
  }

  #check(): void {
    if (this.#ended) throw new HeddleError('HEDDLE_LOG_TRANSACTION_INVALID', 'it has ended')
  }
}
