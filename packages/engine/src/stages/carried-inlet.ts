import { HeddleError, type LogRecord, type Plan } from '@heddle/core'
import { ComponentStats } from '../local/component-stats.ts'
import type { Begun, Inlet } from '../local/ingest.ts'
import type { Lane } from '../local/lane.ts'
import type { Network } from '../local/network.ts'
import { Root, type RootOwner } from '../local/root.ts'
import { type Route, route } from '../local/route.ts'
import { TaskTuple } from '../local/task-tuple.ts'
import { CarriedRoot } from './carried-root.ts'
import type { CarriedTimes } from './carried-times.ts'
import { carriedTimes, carriedTuple } from './carried.ts'
import type { Stage } from './stages.ts'

/** Hands the tuples of a repartition topic to the tasks that take them. */
export class CarriedInlet implements Inlet {
  readonly topic: string
  readonly component: string
  readonly stats: ComponentStats
  readonly first = false
  /** By component and stream that they come from. */
  readonly #routes = new Map<string, Route[]>()

  constructor(topic: string, { id, components }: Stage, network: Network, whole: Plan) {
    this.topic = topic
    this.component = id
    this.stats = new ComponentStats(
      whole.components.find((component) => component.id === id)!,
      0,
    )
    const here = new Set(components.map((component) => component.id))
    for (const component of components)
      for (const { from, stream, grouping } of component.inputs) {
        if (here.has(from)) continue
        const way = route(grouping, network.tasksOf(component.id))
        const name = streamName(from, stream)
        this.#routes.set(name, [...(this.#routes.get(name) ?? []), way])
      }
  }

  /** @throws HEDDLE_TUPLE_UNKNOWN when nobody takes it any more. */
  emit(root: Root): void {
    const { component, stream, task, values, namedTask } = (root as CarriedRoot).carried
    const routes = this.#routes.get(streamName(component, stream))
    if (!routes)
      throw new HeddleError(
        'HEDDLE_TUPLE_UNKNOWN',
        `'${this.component}' takes nothing from stream '${stream}' of '${component}'`,
      )
    const tuple = new TaskTuple(values, root, { component, stream, task }, undefined, 0, undefined)
    for (const way of routes) way.deliver(tuple, namedTask)
  }
}

const streamName = (component: string, stream: string): string => `${component}\n${stream}`

/** Makes the roots of a repartition topic; takes note of times. */
export const carriedRoots =
  (times: CarriedTimes) =>
  (owner: RootOwner, now: number, lane: Lane, record: LogRecord): Begun | undefined => {
    const { topic, partition } = lane
    const told = carriedTimes(record)
    if (told) {
      times.note(record.offset, told)
      return undefined
    }
    try {
      return { root: new CarriedRoot(owner, now, { topic, partition, record }, carriedTuple(record, lane)) }
    } catch (error) {
      return { root: new Root(owner, now, { topic, partition, record, event: undefined }), unreadable: error }
    }
  }
