import {
  type Duration,
  HeddleError,
  type PartitionInfo,
  type Size,
  type TopicInfo,
  bytes,
  milliseconds,
} from '@heddle/core'
import { duration } from '../../draw/describe.ts'
import { type RemoteOptions, call, segment } from '../api.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson, printTable, style } from '../output.ts'

interface TopicFlags extends RemoteOptions {
  readonly partitions?: string
  readonly retention?: Duration
  readonly retentionBytes?: Size
  readonly compaction?: boolean
  readonly durability?: string
}

/** `heddle topics list` */
export async function listTopics({ url, json = false }: RemoteOptions): Promise<void> {
  const { topics } = await call<{ topics: TopicInfo[] }>(url, 'GET', '/topics')
  if (json) return printJson(topics)
  if (topics.length === 0) return print("there are no topics; 'heddle topics create NAME' makes one")
  printTable(
    ['TOPIC', 'PARTITIONS', 'KEPT'],
    topics.map((topic) => [topic.name, topic.partitions, kept(topic)]),
  )
}

/** `heddle topics create` */
export async function createTopic(name: string, flags: TopicFlags): Promise<void> {
  const { url, json = false, compaction, durability } = flags
  const spec = {
    name,
    ...changesOf(flags),
    ...(compaction && { compaction }),
    ...(durability && { durability }),
  }
  const topic = await call<TopicInfo>(url, 'POST', '/topics', spec)
  if (json) printJson(topic)
  else print(`${topic.name} has ${topic.partitions} partitions; ${kept(topic)}`)
}

/** `heddle topics describe` */
export async function describeTopic(name: string, { url, json = false }: RemoteOptions): Promise<void> {
  const topic = await call<TopicInfo>(url, 'GET', `/topics/${segment(name)}`)
  const { partitions } = await call<{ partitions: PartitionInfo[] }>(
    url,
    'GET',
    `/topics/${segment(name)}/partitions`,
  )
  if (json) return printJson({ ...topic, partitions })
  print(`${style('bold', topic.name)}  ${kept(topic)}, durability ${topic.durability}`)
  printTable(
    ['PARTITION', 'EARLIEST', 'LATEST', 'RECORDS', 'BYTES'],
    partitions.map((one) => [one.partition, one.earliest, one.latest, one.latest - one.earliest, one.bytes]),
  )
}

/** `heddle topics alter` */
export async function alterTopic(name: string, flags: TopicFlags): Promise<void> {
  const changes = changesOf(flags)
  if (Object.keys(changes).length === 0)
    throw new HeddleError(
      'HEDDLE_CONFIG_INVALID',
      'nothing to change: give --partitions, --retention or --retention-bytes',
    )
  const topic = await call<TopicInfo>(flags.url, 'PATCH', `/topics/${segment(name)}`, changes)
  if (flags.json) printJson(topic)
  else print(`${topic.name} has ${topic.partitions} partitions; ${kept(topic)}`)
}

/** `heddle topics delete` */
export async function deleteTopic(
  name: string,
  options: RemoteOptions & { readonly yes?: boolean },
): Promise<void> {
  const { url, json = false, yes = false } = options
  if (!yes) await confirm(name)
  await call(url, 'DELETE', `/topics/${segment(name)}`)
  if (json) printJson({ deleted: name })
  else print(`${name} is deleted`)
}

async function confirm(name: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new HeddleError(
      'HEDDLE_CONFIG_INVALID',
      `deleting ${name} with its records needs --yes where nobody can be asked`,
    )
  const prompts = await import('@clack/prompts')
  const sure = await prompts.confirm({ message: `Delete ${name} with all its records?`, initialValue: false })
  if (sure !== true) throw new HeddleError('HEDDLE_CONFIG_INVALID', `${name} was not deleted`)
}

function changesOf({ partitions, retention, retentionBytes }: TopicFlags): object {
  const kept = {
    ...(retention !== undefined && { ms: milliseconds(retention) }),
    ...(retentionBytes !== undefined && { bytes: bytes(retentionBytes) }),
  }
  return {
    ...(partitions !== undefined && { partitions: wholeNumber('--partitions', partitions) }),
    ...(Object.keys(kept).length > 0 && { retention: kept }),
  }
}

function kept({ retention, compaction }: TopicInfo): string {
  if (compaction) return 'last of each key'
  const limits = [
    retention.ms === undefined ? '' : duration(retention.ms),
    retention.bytes === undefined ? '' : `${retention.bytes} bytes a partition`,
  ].filter((limit) => limit !== '')
  return limits.length === 0 ? 'kept for ever' : `kept for ${limits.join(' and ')}`
}
