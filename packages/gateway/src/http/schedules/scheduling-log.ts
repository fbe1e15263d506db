import {
  type AppendOptions,
  type Appended,
  HeddleError,
  type NewSchedule,
  type RecordInput,
  type Schedules,
} from '@heddle/core'
import type { GatewayLogPort } from '../options.ts'
import { scheduleIn } from './deliver-later.ts'

/** Whose topics nobody may write to from outside: what is in them is believed. */
const ownPrefix = 'heddle.schedules'

/** A log before which schedules stand: events that say when they are to be sent become schedules, and all others are appended. */
export function schedulingLog(log: GatewayLogPort, schedules: Schedules): GatewayLogPort {
  return {
    append: (topic, records, options) => append(log, schedules, topic, records, options),
    read: (positions, options) => log.read(positions, options),
    createTopic: (spec) => log.createTopic(spec),
    describeTopic: (name) => log.describeTopic(name),
    alterTopic: (name, changes) => log.alterTopic(name, changes),
    deleteTopic: (name) => log.deleteTopic(name),
    listTopics: () => log.listTopics(),
    partitions: (topic) => log.partitions(topic),
    offsetAt: (partition, timestamp) => log.offsetAt(partition, timestamp),
  }
}

async function append(
  log: GatewayLogPort,
  schedules: Schedules,
  topic: string,
  records: readonly RecordInput[],
  options: AppendOptions | undefined,
): Promise<readonly Appended[]> {
  if (topic.startsWith(ownPrefix))
    throw new HeddleError('HEDDLE_FORBIDDEN', `'${topic}' is written by schedules only`)
  let later: Map<number, NewSchedule> | undefined
  for (const [at, record] of records.entries()) {
    const schedule = scheduleIn(topic, record)
    if (schedule) (later ??= new Map()).set(at, schedule)
  }
  return later
    ? appendBoth(log, schedules, topic, records, later, options)
    : log.append(topic, records, options)
}

/** Schedules first: they are what may be refused. */
async function appendBoth(
  log: GatewayLogPort,
  schedules: Schedules,
  topic: string,
  records: readonly RecordInput[],
  later: ReadonlyMap<number, NewSchedule>,
  options: AppendOptions | undefined,
): Promise<readonly Appended[]> {
  const accepted = await schedules.add([...later.values()], { once: options?.dedupe === true })
  const now = records.filter((_, at) => !later.has(at))
  const appended = now.length === 0 ? [] : await log.append(topic, now, options)
  let [nextAccepted, nextAppended] = [0, 0]
  return records.map((_, at): Appended => {
    if (!later.has(at)) return appended[nextAppended++]!
    const { duplicate, ...scheduled } = accepted[nextAccepted++]!
    return { partition: -1, offset: -1, scheduled, ...(duplicate && { duplicate }) }
  })
}
