import type { Bytes, CommittedOffset, RecordInput, TopicPartition } from '@heddle/core'
import type { KafkaMember } from '../group/member.ts'
import type { Appender, Prepared } from '../produce/appender.ts'
import type { KafkaStore } from '../store/store.ts'
import type { BufferedAppend, Work } from './transaction.ts'
import type { TransactionWriter } from './writer.ts'

/** What one transaction on the brokers takes: one of ours, or several that waited for the one before. */
export class Commit {
  readonly #appender: Appender
  readonly #appends: (BufferedAppend & Prepared)[] = []
  readonly #offsets = new Map<KafkaMember, Map<string, CommittedOffset>>()
  readonly #state = new Map<KafkaStore, Map<string, Bytes | null>>()

  constructor(appender: Appender) {
    this.#appender = appender
  }

  get empty(): boolean {
    return this.#appends.length === 0 && this.#offsets.size === 0 && this.#state.size === 0
  }

  /** The partitions that it writes to. */
  get places(): TopicPartition[] {
    const written = this.#appends.flatMap(({ name, partitions }) =>
      [...new Set(partitions)].map((partition) => ({ topic: name, partition })),
    )
    return [...written, ...[...this.#state.keys()].map(({ topic }) => ({ topic, partition: 0 }))]
  }

  /** The groups whose offsets it writes. */
  get groups(): string[] {
    return [...this.#offsets].flatMap(([{ group }, offsets]) => (offsets.size > 0 ? [group] : []))
  }

  /**
   * Adds the work of one transaction, after what was added before; checks it first, and adds nothing when it throws.
   * @throws HEDDLE_LOG_FENCED, HEDDLE_LOG_UNKNOWN_TOPIC, HEDDLE_LOG_RECORD_INVALID, HEDDLE_LOG_RECORD_TOO_LARGE
   */
  async add({ appends, offsets, state }: Work): Promise<void> {
    const prepared: (BufferedAppend & Prepared)[] = []
    for (const append of appends)
      prepared.push({
        ...append,
        ...(await this.#appender.prepare(append.name, append.records, append.dedupe)),
      })
    for (const [member, ofMember] of offsets) member.checkOwned([...ofMember.values()])
    this.#appends.push(...prepared)
    merge(this.#offsets, offsets)
    merge(this.#state, state)
  }

  /**
   * Sends all of it, topics and stores beside each other; what it gives is called when the transaction has ended.
   * Nothing is on its way any more when it throws.
   */
  async write(writer: TransactionWriter): Promise<() => Promise<void>> {
    await writer.enter(this.places)
    const applying: (() => Promise<void>)[] = []
    const results = await Promise.allSettled([
      ...[...Map.groupBy(this.#appends, ({ name }) => name).values()].map((appends) =>
        this.#writeTopic(writer, appends),
      ),
      ...[...this.#state].map(async ([store, changes]) => {
        const records = [...changes].map(([key, value]) => ({ key, value }))
        const offsets = await writer.write(
          store.topic,
          records,
          records.map(() => 0),
          store.batchLimit,
        )
        applying.push(() => store.apply(changes, offsets[0]!, offsets.at(-1)! + 1))
      }),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return async () => {
      for (const apply of applying) await apply()
    }
  }

  async #writeTopic(
    writer: TransactionWriter,
    appends: readonly (BufferedAppend & Prepared)[],
  ): Promise<void> {
    for (const group of together(appends)) {
      const { topic, dedupe } = group[0]!
      const records = group.flatMap((append) => append.records)
      const partitions = group.flatMap((append) => append.partitions)
      const write = (some: readonly RecordInput[], theirs: readonly number[]): Promise<number[]> =>
        writer.write(topic.name, some, theirs, topic.batchLimit)
      if (dedupe) await this.#appender.deduplicator.append(topic, records, partitions, write)
      else await write(records, partitions)
    }
  }

  async writeOffsets(writer: TransactionWriter): Promise<void> {
    for (const [member, offsets] of this.#offsets)
      if (offsets.size > 0) await writer.commitOffsets(member, [...offsets.values()])
  }

  /** Nothing of it was kept. */
  failed(): void {
    for (const { dedupe, name } of this.#appends) if (dedupe) this.#appender.deduplicator.forget(name)
  }
}

/** What comes later counts. */
function merge<Owner, Value>(
  into: Map<Owner, Map<string, Value>>,
  from: ReadonlyMap<Owner, ReadonlyMap<string, Value>>,
): void {
  for (const [owner, values] of from) {
    let known = into.get(owner)
    if (known === undefined) into.set(owner, (known = new Map()))
    for (const [key, value] of values) {
      known.delete(key)
      known.set(key, value)
    }
  }
}

/** Appends to a topic that follow each other and are of one kind are written in one go. */
function together<T extends { readonly dedupe: boolean }>(appends: readonly T[]): T[][] {
  const groups: T[][] = []
  for (const append of appends) {
    const last = groups.at(-1)
    if (last !== undefined && last[0]!.dedupe === append.dedupe) last.push(append)
    else groups.push([append])
  }
  return groups
}
