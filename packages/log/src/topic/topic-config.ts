import { HeddleError, type TopicConfig, type TopicInfo, type TopicSpec } from '@heddle/core'

const topicDefaults: TopicConfig = {
  partitions: 4,
  retention: {},
  compaction: false,
  // An hour covers a publisher that tries again after an outage; 250,000 identities take 8 MB of memory.
  dedupe: { ms: 3_600_000, ids: 250_000 },
  maxRecordBytes: 2 ** 20,
  durability: 'fsync',
}

/** As in Kafka, so that a topic can move there; the name is also part of addresses. */
const namePattern = /^[a-zA-Z0-9._-]{1,249}$/

const invalid = (detail: string, setting: string): HeddleError =>
  new HeddleError('HEDDLE_LOG_TOPIC_INVALID', detail, { info: { setting } })

/**
 * The settings of a new topic.
 * @throws HEDDLE_LOG_TOPIC_INVALID
 */
export function newTopic(spec: TopicSpec, createdAt: number): TopicInfo {
  const { name } = spec
  if (!namePattern.test(name) || name === '.' || name === '..')
    throw invalid(`the name '${name}' must be 1 to 249 letters, digits, '.', '_' or '-'`, 'name')
  return { ...merged(topicDefaults, spec), name, createdAt }
}

/**
 * Settings with changes.
 * @throws HEDDLE_LOG_TOPIC_INVALID
 */
export function changedTopic(info: TopicInfo, changes: Partial<TopicConfig>): TopicInfo {
  const changed = merged(info, changes)
  if (changed.partitions < info.partitions)
    throw invalid(`'${info.name}' has ${info.partitions} partitions, and they can only grow`, 'partitions')
  return { ...changed, name: info.name, createdAt: info.createdAt }
}

/** The first setting that `spec` names and `info` has otherwise. */
export function difference(info: TopicInfo, spec: TopicSpec): keyof TopicConfig | undefined {
  for (const setting of Object.keys(topicDefaults) as (keyof TopicConfig)[]) {
    const wanted = spec[setting]
    if (wanted !== undefined && !same(wanted, info[setting])) return setting
  }
  return undefined
}

/** Equal, in whatever order the fields stand. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [a, b] as Record<string, unknown>[]
  const names = new Set([...Object.keys(left!), ...Object.keys(right!)])
  for (const name of names) if (left![name] !== right![name]) return false
  return true
}

function merged(base: TopicConfig, changes: Partial<TopicConfig>): TopicConfig {
  const config: TopicConfig = {
    partitions: changes.partitions ?? base.partitions,
    retention: changes.retention ?? base.retention,
    compaction: changes.compaction ?? base.compaction,
    dedupe: changes.dedupe ?? base.dedupe,
    maxRecordBytes: changes.maxRecordBytes ?? base.maxRecordBytes,
    durability: changes.durability ?? base.durability,
  }
  integer(config.partitions, 1, 10_000, 'partitions')
  if (config.retention.ms !== undefined)
    integer(config.retention.ms, 1, Number.MAX_SAFE_INTEGER, 'retention.ms')
  if (config.retention.bytes !== undefined)
    integer(config.retention.bytes, 1, Number.MAX_SAFE_INTEGER, 'retention.bytes')
  integer(config.dedupe.ms, 0, Number.MAX_SAFE_INTEGER, 'dedupe.ms')
  // More would not fit the index, which is in memory.
  integer(config.dedupe.ids, 0, 16_777_216, 'dedupe.ids')
  // A batch is one value, read as a whole.
  integer(config.maxRecordBytes, 1, 2 ** 28, 'maxRecordBytes')
  if (config.durability !== 'fsync' && config.durability !== 'os')
    throw invalid(`durability is 'fsync' or 'os', and not '${String(config.durability)}'`, 'durability')
  return config
}

function integer(value: number, least: number, most: number, setting: string): void {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw invalid(`${setting} must be a whole number from ${least} to ${most}, and is ${value}`, setting)
}
