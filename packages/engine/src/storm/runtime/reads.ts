import { type LogRecord, fromRecord } from '@heddle/core'
import { EventTime } from '../../local/event-time.ts'
import type { TopicsElsewhere } from '../../local/first-elsewhere.ts'
import type { Begun, IngestContext, Inlet } from '../../local/ingest.ts'
import type { Lane } from '../../local/lane.ts'
import { Root, type RootOwner } from '../../local/root.ts'
import { TopicSpout } from '../../local/topic-spout.ts'
import type { ComponentContext } from './component-context.ts'
import { groupOf } from './group-of.ts'
import { type PortsContext, portsOf } from './ports.ts'

/** What a spout of ours reads: a topic of the user's, or the outputs of a transactional component. */
export interface Reads {
  readonly topic: string
  readonly group: string
  readonly inlet: Inlet
  readonly rootOf: IngestContext['rootOf']
  readonly firstElsewhere?: TopicsElsewhere
  /** Event time that a partition has come to, in milliseconds. */
  readonly timeOf: (lane: Lane) => number
  /** Nothing has come for so long that it may be idle, and follow the clock. */
  readonly silent: (lane: Lane) => boolean
  /** What is done with is not kept. */
  readonly purges: boolean
}

/** A topic of the user's. */
export function eventReads(context: ComponentContext, ports: PortsContext): Reads {
  const { plan, component, task, index, topology, clock, stats } = context
  const eventTime = new EventTime(plan, clock, -Infinity)
  const code = topology.code.get(component.id) ?? {}
  const firstElsewhere = tablesElsewhere(context)
  return {
    topic: component.config['topic'] as string,
    group: groupOf(plan, component),
    inlet: new TopicSpout([{ component, number: task, index, ports: portsOf(ports) }], code, stats),
    rootOf,
    ...(firstElsewhere && { firstElsewhere }),
    timeOf: (lane) => eventTime.timeOfSource(lane),
    silent: (lane) => eventTime.silent(lane),
    purges: false,
  }
}

/** The tables of a plan are read to their end before other topics are, and by other processes. */
function tablesElsewhere({ plan, component, log }: ComponentContext): TopicsElsewhere | undefined {
  const tables = plan.components.filter(({ config }) => config['first'] === true)
  if (tables.length === 0 || tables.includes(component)) return undefined
  const groups = new Set(tables.map((table) => groupOf(plan, table)))
  return {
    topics: tables.map(({ config }) => config['topic'] as string),
    async committed(places) {
      const offsets = (await log.listGroups())
        .filter(({ group }) => groups.has(group))
        .flatMap((group) => group.offsets)
      return places.flatMap(({ topic, partition }) =>
        offsets.filter((each) => each.topic === topic && each.partition === partition),
      )
    },
  }
}

/** The root of a record. What some other program wrote gets its identity here, where its place is known. */
function rootOf(owner: RootOwner, now: number, lane: Lane, record: LogRecord): Begun {
  const place = { topic: lane.topic, partition: lane.partition, record }
  try {
    const read = fromRecord(record, lane)
    const event = record.headers.some(([name]) => name === 'ce_id') ? read : { ...read }
    return { root: new Root(owner, now, { ...place, event }) }
  } catch (error) {
    return { root: new Root(owner, now, { ...place, event: undefined }), unreadable: error }
  }
}
