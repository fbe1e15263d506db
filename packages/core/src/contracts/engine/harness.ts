import { type Event, event } from '../../event/event.ts'
import { fromRecord, toRecord } from '../../event/record.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import { eventually } from '../assert.ts'

/** What an engine contract is run on. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** The log that its topologies read and write. */
  readonly log: Log
  /** Ends what runs, and lets go of all. */
  close(): Promise<void>
}

export type OpenEngine = () => Promise<EngineUnderTest>

/** Runs `use` on an engine without topologies. */
export const withEngine =
  (open: OpenEngine, use: (under: EngineUnderTest) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const under = await open()
    try {
      await use(under)
    } finally {
      await under.close()
    }
  }

/** Publishes events with these data, to a topic that is made if need be. */
export async function publish(log: Log, topic: string, data: readonly unknown[]): Promise<void> {
  if (!(await log.describeTopic(topic))) await log.createTopic({ name: topic, partitions: 2 })
  const events = data.map((each) => event({ type: 'contract', source: '/contract', data: each }))
  await log.append(topic, events.map(toRecord))
}

/** The same at times, in seconds of the year 2026, and in partitions. */
export async function publishAt(
  log: Log,
  topic: string,
  events: readonly {
    readonly data: unknown
    readonly second: number
    readonly partition: number
    readonly key?: string
  }[],
): Promise<void> {
  await publish(log, topic, [])
  const records = events.map(({ data, second, partition, key: partitionkey }) => {
    const time = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()
    const made = event({
      type: 'contract',
      source: '/contract',
      time,
      data,
      ...(partitionkey !== undefined && { partitionkey }),
    })
    return { ...toRecord(made), partition }
  })
  await log.append(topic, records)
}

/** All events of a topic that are there now, partition by partition. */
export async function eventsOf(log: Log, topic: string): Promise<Event[]> {
  if (!(await log.describeTopic(topic))) return []
  const found: Event[] = []
  for (const { partition, earliest } of await log.partitions(topic)) {
    for (let offset = earliest; ;) {
      const [part] = await log.read([{ topic, partition, offset }])
      if (!part) break
      for (const record of part.records) found.push(fromRecord(record, part))
      offset = part.nextOffset
    }
  }
  return found
}

/** Data of a topic's events, as soon as there are so many of them that `complete` holds. */
export function dataWhen<T>(
  log: Log,
  topic: string,
  what: string,
  complete: (data: readonly T[]) => boolean,
): Promise<readonly T[]> {
  return eventually(`${what} in '${topic}'`, async () => {
    const data = (await eventsOf(log, topic)).map((each) => each.data as T)
    return complete(data) && data
  })
}
