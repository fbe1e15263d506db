import type { GroupInfo, Log } from '@heddle/core'

/** True while a topic has records that a group has not come past. @param group `undefined` for one that is not there. */
export async function hasUnread(log: Log, topic: string, group: GroupInfo | undefined): Promise<boolean> {
  if (!(await log.describeTopic(topic))) return false
  const offsets = group?.offsets ?? []
  for (const { partition, earliest, latest } of await log.partitions(topic)) {
    const committed =
      offsets.find((each) => each.topic === topic && each.partition === partition)?.offset ?? 0
    const offset = Math.max(committed, earliest)
    // What is behind the last record of a partition may be no record, but the mark of a transaction.
    if (offset < latest && (await log.read([{ topic, partition, offset }])).length > 0) return true
  }
  return false
}
