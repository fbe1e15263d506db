import type { Bytes, Fetched, Header, LogRecord } from '@heddle/core'

/** Records of one partition on their way to another thread: few objects, and each batch's bytes once. */
export interface SentFetched {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
  readonly latest: number
  readonly offsets: readonly number[]
  readonly timestamps: readonly number[]
  readonly keys: readonly (Bytes | null)[]
  readonly values: readonly (Bytes | null)[]
  readonly headers: readonly (readonly Header[])[]
}

export function sendFetched({ records, topic, partition, nextOffset, latest }: Fetched): SentFetched {
  return {
    topic,
    partition,
    nextOffset,
    latest,
    offsets: records.map(({ offset }) => offset),
    timestamps: records.map(({ timestamp }) => timestamp),
    keys: records.map(({ key }) => key),
    values: records.map(({ value }) => value),
    headers: records.map(({ headers }) => headers),
  }
}

export function receiveFetched(sent: SentFetched): Fetched {
  const { topic, partition, nextOffset, latest, offsets, timestamps, keys, values, headers } = sent
  const records = offsets.map((offset, at): LogRecord => ({
    offset,
    timestamp: timestamps[at]!,
    key: keys[at]!,
    value: values[at]!,
    headers: headers[at]!,
  }))
  return { topic, partition, nextOffset, latest, records }
}
