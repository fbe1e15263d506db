import {
  type Browsed,
  type Clock,
  type Log,
  type PartitionInfo,
  type Subscription,
  celPredicate,
  fromRecord,
} from '@heddle/core'
import { expiresAt } from './event-facts.ts'
import { groupOf } from './names.ts'
import { decodeProgress } from './progress.ts'
import { isForAnother } from './redrive-target.ts'

/** Bytes of one read. 256 KiB: who looks may stop soon. */
const readBytes = 256 * 1024

/**
 * What of a subscription is not done, as it was committed: a settlement is committed before it is answered. What came after the
 * beginning is not shown, so that it ends on a busy queue too.
 */
export async function* browse(
  log: Log,
  clock: Clock,
  { filter, name, topics }: Subscription,
): AsyncIterable<Browsed> {
  const wants = filter === undefined ? undefined : celPredicate(filter)
  const partitions = await Promise.all(topics.map((topic) => log.partitions(topic)))
  const groups = await log.listGroups()
  const offsets = groups.find(({ group }) => group === groupOf(name))?.offsets ?? []
  for (const place of partitions.flat()) {
    const committed = offsets.find(
      ({ partition, topic }) => topic === place.topic && partition === place.partition,
    )
    const { done } = decodeProgress(committed ?? { offset: place.earliest })
    for await (const browsed of readOf(log, place, committed?.offset ?? place.earliest)) {
      const { event, offset } = browsed
      if (done(offset) || isForAnother(event, name) || expiresAt(event) <= clock.now()) continue
      if (!wants || holds(() => wants(event))) yield browsed
    }
  }
}

async function* readOf(
  log: Log,
  { earliest, latest, partition, topic }: PartitionInfo,
  from: number,
): AsyncIterable<Browsed> {
  let offset = Math.max(earliest, from)
  while (offset < latest) {
    const [fetched] = await log.read([{ topic, partition, offset }], { maxBytes: readBytes })
    if (!fetched) return
    for (const record of fetched.records) {
      if (record.offset >= latest) return
      const event = fromRecord(record, { topic, partition })
      yield { event, record, topic, partition, offset: record.offset, publishedAt: record.timestamp }
    }
    offset = fetched.nextOffset
  }
}

/** As the filter of a subscription: an event that it fails on is not wanted. */
function holds(predicate: () => boolean): boolean {
  try {
    return predicate()
  } catch {
    return false
  }
}
