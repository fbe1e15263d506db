import type { ComponentStats } from '../../local/component-stats.ts'
import type { Inlet } from '../../local/ingest.ts'
import type { Lane } from '../../local/lane.ts'
import { Root } from '../../local/root.ts'
import type { Route } from '../../local/route.ts'
import { TaskTuple } from '../../local/task-tuple.ts'
import { CarriedRoot } from '../../stages/carried-root.ts'
import { CarriedTimes } from '../../stages/carried-times.ts'
import { carriedTimes, carriedTuple } from '../../stages/carried.ts'
import type { ComponentContext } from './component-context.ts'
import { outputsTopic } from './outputs.ts'
import { type PortsContext, routesOf } from './ports.ts'
import type { Reads } from './reads.ts'

/** The outputs of a transactional component, whose tasks also write there how far event time has come. */
export function outputsReads({ plan, component, stats }: ComponentContext, ports: PortsContext): Reads {
  const topic = outputsTopic(plan.name, component.id)
  /** By partition. */
  const times = new Map<number, CarriedTimes>()
  const timesOf = ({ partition }: Lane): CarriedTimes => {
    const known = times.get(partition)
    if (known) return known
    const made = new CarriedTimes([], () => -Infinity)
    times.set(partition, made)
    return made
  }
  return {
    topic,
    group: topic,
    inlet: new OutputsInlet(topic, component.id, stats, routesOf(ports)),
    rootOf(owner, now, lane, record) {
      const told = carriedTimes(record)
      if (told) {
        timesOf(lane).note(record.offset, told)
        return undefined
      }
      const place = { topic: lane.topic, partition: lane.partition, record }
      try {
        return { root: new CarriedRoot(owner, now, place, carriedTuple(record, lane)) }
      } catch (error) {
        return { root: new Root(owner, now, { ...place, event: undefined }), unreadable: error }
      }
    },
    timeOf: (lane) => Math.max(-Infinity, ...[...timesOf(lane).sources(lane)].map(({ time }) => time)),
    silent: () => false,
    purges: true,
  }
}

/** Emits what the component has emitted, by the groupings of those that take it. */
class OutputsInlet implements Inlet {
  readonly topic: string
  readonly component: string
  readonly stats: ComponentStats
  readonly first = false
  readonly #routes: ReadonlyMap<string, readonly Route[]>

  constructor(
    topic: string,
    component: string,
    stats: ComponentStats,
    routes: ReadonlyMap<string, readonly Route[]>,
  ) {
    this.topic = topic
    this.component = component
    this.stats = stats
    this.#routes = routes
  }

  emit(root: Root): void {
    const { component, stream, task, values, namedTask } = (root as CarriedRoot).carried
    const tuple = new TaskTuple(values, root, { component, stream, task }, undefined, 0, undefined)
    for (const way of this.#routes.get(stream) ?? []) way.deliver(tuple, namedTask)
  }
}
