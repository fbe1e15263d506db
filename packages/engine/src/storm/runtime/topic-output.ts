import { HeddleError } from '@heddle/core'
import { DeadLetters } from '../../local/dead-letters.ts'
import { withDefaults } from '../../local/options.ts'
import { TopicWriter } from '../../local/topic-writer.ts'
import type { ComponentContext } from './component-context.ts'

/** What a component writes to topics. */
export interface TopicOutput {
  readonly writer: TopicWriter
  readonly letters: DeadLetters
  /** Largest record that a topic takes, in bytes. */
  readonly maxRecordBytes: (topic: string) => number
}

/**
 * Opens it. What is appended has an id that is the same when it is made again, and a record that is there is not appended
 * again.
 */
export async function topicOutput(context: ComponentContext): Promise<TopicOutput> {
  const { topology, plan, log, clock, report, broken } = context
  const { deadLetterTopic } = plan.settings
  const sizes = new Map<string, number>()
  for (const name of new Set([deadLetterTopic, ...plan.topics.map((topic) => topic.name)])) {
    const info = await log.describeTopic(name)
    if (!info) throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${name}'`)
    sizes.set(name, info.maxRecordBytes)
  }
  const maxRecordBytes = (topic: string): number => sizes.get(topic) ?? Infinity
  const letters = new DeadLetters(topology, log, maxRecordBytes(deadLetterTopic))
  const writer = new TopicWriter({
    log: { append: (topic, records) => log.append(topic, records, { dedupe: true }) },
    clock,
    settings: withDefaults({ log, clock }),
    signal: new AbortController().signal,
    refused(topic, root, error) {
      // What even the dead letters do not take is not lost: the process ends, and the event comes again.
      if (topic === deadLetterTopic) broken(error)
      else letters.write({ ...letters.unknown(root.startedAt), component: topic, root, error })
    },
    report,
    broken,
    appended: () => {},
  })
  letters.appender = writer
  return { writer, letters, maxRecordBytes }
}
