import { type Log, type Plan, type TopicSpec, isHeddleError } from '@heddle/core'
import { outboxTopic } from '../operators/sink.ts'
import { deadLetterExtra } from './dead-letter.ts'

/**
 * Creates the topics of a plan that are missing: those that it names, that of its dead letters, and the outboxes of its
 * sinks, and those between its parts. One that is there stays as it is.
 *
 * @param between Topics that tuples go through, between stages or behind a component.
 * @returns Largest record that each takes, in bytes.
 */
export async function ensureTopics(
  log: Log,
  plan: Plan,
  between: readonly Required<Pick<TopicSpec, 'name' | 'partitions'>>[] = [],
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  for (const spec of plan.topics) sizes.set(spec.name, await ensure(log, spec))
  const largest = Math.max(0, ...sizes.values())
  const internal = (name: string): TopicSpec => ({
    name,
    // One partition: what waits there is in the order in which it came, and is read by one reader.
    partitions: 1,
    ...(largest > 0 && { maxRecordBytes: largest + deadLetterExtra }),
  })
  const names = [plan.settings.deadLetterTopic]
  for (const { id, operator } of plan.components)
    if (operator === 'sink') names.push(outboxTopic(plan.name, id))
  for (const name of names) sizes.set(name, sizes.get(name) ?? (await ensure(log, internal(name))))
  for (const { name, partitions } of between)
    sizes.set(name, await ensure(log, { ...internal(name), partitions }))
  return sizes
}

async function ensure(log: Log, spec: TopicSpec): Promise<number> {
  const found = await log.describeTopic(spec.name)
  if (found) return found.maxRecordBytes
  try {
    return (await log.createTopic(spec)).maxRecordBytes
  } catch (error) {
    // Somebody else was first.
    const made = isHeddleError(error, 'HEDDLE_LOG_TOPIC_EXISTS')
      ? await log.describeTopic(spec.name)
      : undefined
    if (!made) throw error
    return made.maxRecordBytes
  }
}
