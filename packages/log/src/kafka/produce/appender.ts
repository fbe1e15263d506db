/**
 * What an append asks for, before it is sent: checks, the choice of partitions, and what is a duplicate.
 *
 * @module
 */
import { type Appended, HeddleError, type RecordInput, toStructuredRecord } from '@heddle/core'
import { choosePartitions } from '../../topic/choose-partitions.ts'
import { checkRecord } from '../../topic/record-check.ts'
import type { Cluster } from '../client/cluster.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import type { KnownTopic, Topics } from '../topic/topics.ts'
import { contentBytes, contentLength } from '../wire/record-batch.ts'
import { Deduplicator } from './deduplicator.ts'
import type { Producer } from './producer.ts'

export interface Prepared {
  readonly topic: KnownTopic
  /** As they are written: in the mode of the topic. */
  readonly records: readonly RecordInput[]
  readonly partitions: readonly number[]
  readonly bytes: number
}

export class Appender {
  readonly #topics: Topics
  readonly #producer: Producer
  readonly deduplicator: Deduplicator

  constructor(cluster: Cluster, topics: Topics, producer: Producer, fetcher: Fetcher) {
    this.#topics = topics
    this.#producer = producer
    this.deduplicator = new Deduplicator(cluster, fetcher)
  }

  async append(name: string, given: readonly RecordInput[], dedupe: boolean): Promise<Appended[]> {
    const { topic, records, partitions, bytes } = await this.prepare(name, given, dedupe)
    if (records.length === 0) return []
    const write = (some: readonly RecordInput[], theirs: readonly number[]): Promise<number[]> =>
      this.#producer.append(name, some, theirs, bytes, topic.batchLimit)
    try {
      if (dedupe && topic.info.dedupe.ids > 0 && topic.info.dedupe.ms > 0)
        return await this.deduplicator.append(topic, records, partitions, write)
      const offsets = await write(records, partitions)
      for (let i = 0; i < offsets.length; i++) this.deduplicator.wrote(name, partitions[i]!, offsets[i]! + 1)
      return offsets.map((offset, i) => ({ partition: partitions[i]!, offset }))
    } catch (error) {
      // It may have been deleted: the next append asks.
      this.#topics.forget(name)
      throw error
    }
  }

  /**
   * Checks records and chooses their partitions.
   * @throws HEDDLE_LOG_UNKNOWN_TOPIC, HEDDLE_LOG_RECORD_INVALID, HEDDLE_LOG_RECORD_TOO_LARGE
   */
  async prepare(name: string, given: readonly RecordInput[], dedupe: boolean): Promise<Prepared> {
    const topic = await this.#topics.get(name)
    const records: RecordInput[] = []
    const { maxRecordBytes } = topic.info
    let bytes = 0
    for (let i = 0; i < given.length; i++) {
      checkRecord(given[i]!, i, topic.info)
      const record = topic.structured ? toStructuredRecord(given[i]!) : given[i]!
      records.push(record)
      if (record.timestamp !== undefined && record.timestamp < 0)
        throw new HeddleError(
          'HEDDLE_LOG_RECORD_INVALID',
          `record ${i} has the timestamp ${record.timestamp}`,
          {
            info: { index: i },
          },
        )
      const length = contentLength(record)
      // UTF-8 takes at most three bytes for each: only what could be too large is measured.
      const size = 3 * length > maxRecordBytes ? contentBytes(record) : length
      if (size > maxRecordBytes)
        throw new HeddleError(
          'HEDDLE_LOG_RECORD_TOO_LARGE',
          `record ${i} has ${size} bytes, and topic '${name}' takes ${maxRecordBytes}`,
          { info: { index: i, bytes: size, maxRecordBytes } },
        )
      bytes += size + 64
    }
    return { topic, records, partitions: choosePartitions(topic, given, dedupe), bytes }
  }

  forget(name: string): void {
    this.deduplicator.forget(name)
  }
}
