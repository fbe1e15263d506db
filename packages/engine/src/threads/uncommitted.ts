import type { Log, Plan } from '@heddle/core'

/** Records of a topology's input topics that it has not committed: its lag when no thread can be asked. */
export async function uncommitted(log: Log, plan: Plan): Promise<number> {
  const group = (await log.listGroups()).find((each) => each.group === plan.name)
  const topics = new Set(
    plan.components
      .filter(({ operator }) => operator === 'topic')
      .map(({ config }) => config['topic'] as string),
  )
  let count = 0
  for (const topic of topics)
    for (const { partition, earliest, latest } of await log.partitions(topic)) {
      const done = group?.offsets.find((each) => each.topic === topic && each.partition === partition)
      count += latest - Math.max(earliest, done?.offset ?? 0)
    }
  return count
}
