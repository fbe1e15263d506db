/**
 * The topics of a log, kept in step with what other processes do to them.
 *
 * @module
 */
import { HeddleError, type TopicConfig, type TopicInfo, type TopicSpec } from '@heddle/core'
import { changedTopic, difference, newTopic } from '../../topic/topic-config.ts'
import { unknownTopic } from '../commit/append-set.ts'
import type { Committer } from '../commit/committer.ts'
import { type WriteTransaction, readTail } from '../commit/write-transaction.ts'
import { allOf, headKey, nameKey, parseOffsetKey, trashKey } from '../keys.ts'
import type { Tree } from '../tree.ts'
import { Topic } from './topic.ts'

interface StoredTopic {
  readonly id: number
  readonly info: TopicInfo
}

export class Topics {
  readonly #tree: Tree
  #byName = new Map<string, Topic>()
  #version = -1

  constructor(tree: Tree) {
    this.#tree = tree
    this.refresh()
  }

  /** @throws HEDDLE_LOG_UNKNOWN_TOPIC */
  get(name: string): Topic {
    const topic = this.find(name)
    if (topic === undefined) throw unknownTopic(name)
    return topic
  }

  find(name: string): Topic | undefined {
    const known = this.#byName.get(name)
    if (known !== undefined && !known.deleted) return known
    this.refresh()
    return this.#byName.get(name)
  }

  /** All topics, by name. */
  all(): readonly Topic[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  byId(id: number): Topic | undefined {
    for (const topic of this.#byName.values()) if (topic.id === id) return topic
    return undefined
  }

  /** Looks whether topics have changed on disk, and takes over what has. */
  refresh(): void {
    const { topicsVersion } = readTail(this.#tree)
    if (topicsVersion === this.#version) return
    this.#version = topicsVersion
    const former = this.#byName
    this.#byName = new Map()
    for (const { value } of this.#tree.getRange(allOf('topic'))) {
      const { id, info } = JSON.parse(value.toString()) as StoredTopic
      const known = former.get(info.name)
      const topic = known?.id === id ? known : new Topic(id, info)
      topic.update(info)
      topic.deleted = false
      this.#byName.set(info.name, topic)
    }
    for (const topic of former.values()) {
      if (this.#byName.get(topic.name) === topic) continue
      topic.deleted = true
      for (const { waiting } of topic.partitions) for (const wake of waiting) wake()
    }
  }

  /** A transaction that changed topics failed: all of them are read again. */
  reload(): void {
    this.#version = -1
    this.refresh()
  }

  /** Another process may have changed heads: they are read again when they are needed. */
  forgetHeads(): void {
    for (const topic of this.#byName.values())
      for (const partition of topic.partitions) partition.head = undefined
  }

  async create(committer: Committer, spec: TopicSpec, now: number): Promise<TopicInfo> {
    const wanted = newTopic(spec, now)
    // Mostly it is there, and asking costs no commit.
    this.refresh()
    const known = this.#byName.get(spec.name)
    if (known !== undefined && !known.deleted) return unlessDifferent(known.info, spec)
    const info = await committer.run((transaction) => {
      const key = nameKey('topic', spec.name)
      const stored = transaction.tree.get(key)
      if (stored !== undefined)
        return unlessDifferent((JSON.parse(stored.toString()) as StoredTopic).info, spec)
      const id = nextId(transaction, 'nextTopicId')
      transaction.put(key, Buffer.from(JSON.stringify({ id, info: wanted } satisfies StoredTopic)))
      transaction.topicsChanged = true
      return wanted
    })
    return info
  }

  alter(committer: Committer, name: string, changes: Partial<TopicConfig>): Promise<TopicInfo> {
    return committer.run((transaction) => {
      const { key, id, info } = stored(transaction, name)
      const changed = changedTopic(info, changes)
      transaction.put(key, Buffer.from(JSON.stringify({ id, info: changed } satisfies StoredTopic)))
      transaction.topicsChanged = true
      return changed
    })
  }

  /** Its batches are left for maintenance to remove, so that a large topic holds nobody up. */
  delete(committer: Committer, name: string): Promise<void> {
    return committer.run((transaction) => {
      const { key, id, info } = stored(transaction, name)
      transaction.remove(key)
      transaction.put(trashKey(id), Buffer.from(name))
      for (let partition = 0; partition < info.partitions; partition++)
        transaction.remove(headKey(id, partition))
      const offsets = [...transaction.tree.getKeys(allOf('offset'))].filter(
        (offset) => parseOffsetKey(offset).topicId === id,
      )
      for (const offset of offsets) transaction.remove(offset)
      transaction.topicsChanged = true
      const topic = this.#byName.get(name)
      if (topic?.id === id) {
        topic.deleted = true
        // What was noted in this transaction for the topic must not bring its heads back.
        for (const partition of topic.partitions) transaction.dropHead(partition)
      }
    })
  }
}

function stored(transaction: WriteTransaction, name: string): StoredTopic & { readonly key: Buffer } {
  const key = nameKey('topic', name)
  const bytes = transaction.tree.get(key)
  if (bytes === undefined) throw unknownTopic(name)
  return { key, ...(JSON.parse(bytes.toString()) as StoredTopic) }
}

/** A number that was never given before. */
export function nextId(transaction: WriteTransaction, counter: string): number {
  const key = nameKey('meta', counter)
  const id = Number(transaction.tree.get(key)?.toString() ?? '1')
  transaction.put(key, Buffer.from(String(id + 1)))
  return id
}

function unlessDifferent(info: TopicInfo, spec: TopicSpec): TopicInfo {
  const setting = difference(info, spec)
  if (setting === undefined) return info
  throw new HeddleError(
    'HEDDLE_LOG_TOPIC_EXISTS',
    `'${info.name}' has ${setting} ${JSON.stringify(info[setting])}, and ${JSON.stringify(spec[setting])} was asked for`,
    { info: { topic: info.name, setting, has: info[setting], wanted: spec[setting] } },
  )
}
