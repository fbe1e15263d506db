import { type Event, type Values, defaultStream } from '@heddle/core'
import type { ComponentStats } from './component-stats.ts'
import type { SpoutTask } from './network.ts'
import type { Root, RootPlace } from './root.ts'

type MakeValues = (place: RootPlace) => Values

/**
 * Emits the events of a topic. A partition belongs to one of the spout's tasks.
 *
 * What a tuple has: in a flow (`config.as` is `event`) the event as `value`; with a `map` what that gives; else by the names
 * of the declared fields.
 */
export class TopicSpout {
  readonly topic: string
  readonly component: string
  readonly stats: ComponentStats
  /** Its topic is read to its end before others are. */
  readonly first: boolean
  readonly #tasks: readonly SpoutTask[]
  readonly #values: MakeValues

  constructor(tasks: readonly SpoutTask[], code: Readonly<Record<string, unknown>>, stats: ComponentStats) {
    const { component } = tasks[0]!
    this.topic = component.config['topic'] as string
    this.component = component.id
    this.stats = stats
    this.first = component.config['first'] === true
    this.#tasks = tasks
    this.#values = makeValues(component.config['as'], component.streams[defaultStream] ?? [], code['map'])
  }

  /**
   * Emits the event of the root.
   * @throws What reading the event or the user's `map` throws; nothing was emitted then.
   */
  emit(root: Root): void {
    const place = root.place!
    const values = this.#values(place)
    const { ports } = this.#tasks[place.partition % this.#tasks.length]!
    ports.get(defaultStream)?.send(values, root, undefined, 0, undefined)
  }
}

function makeValues(as: unknown, fields: readonly string[], map: unknown): MakeValues {
  if (typeof map === 'function') return ({ event }) => (map as (event: Event | undefined) => Values)(event)
  if (as === 'event') return ({ event }) => ({ value: event })
  const columns = fields.map((field) => [field, columnOf(field)] as const)
  return (place) => {
    const values: Record<string, unknown> = {}
    for (const [field, column] of columns) values[field] = column(place)
    return values
  }
}

function columnOf(field: string): (place: RootPlace) => unknown {
  switch (field) {
    case 'event':
      return ({ event }) => event
    case 'key':
      return ({ event }) => event?.partitionkey
    case 'topic':
      return ({ topic }) => topic
    case 'partition':
      return ({ partition }) => partition
    case 'offset':
      return ({ record }) => record.offset
    case 'timestamp':
      return ({ record }) => record.timestamp
    default:
      return ({ event }) => event?.data
  }
}
