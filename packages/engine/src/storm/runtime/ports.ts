import { type Plan, type PlanComponent, murmur2 } from '@heddle/core'
import type { ComponentStats } from '../../local/component-stats.ts'
import type { Root } from '../../local/root.ts'
import { type Receiver, type Route, route } from '../../local/route.ts'
import { StreamPort } from '../../local/stream-port.ts'
import type { TaskTuple } from '../../local/task-tuple.ts'
import { carriedOf } from '../../stages/carried-of.ts'
import { type SpoutPlace, carriedRecord } from '../../stages/carried.ts'
import { type Destination, placeOf, streamTo } from './destination.ts'
import type { Outbox } from './outbox.ts'
import { takersOf } from './outputs.ts'
import { type SendPlain, isForeign, plainRoute } from './plain-tuples.ts'

/** Numbers of the tasks of each component, in order. */
export type Tasks = ReadonlyMap<string, readonly number[]>

export interface PortsContext {
  readonly plan: Plan
  readonly component: PlanComponent
  readonly task: number
  readonly tasks: Tasks
  readonly outbox: Outbox
  readonly sendPlain: SendPlain
  readonly stats: ComponentStats
  /** Where what came of a root comes again from; left out where nobody has to know. */
  readonly spoutPlace?: (root: Root) => SpoutPlace | undefined
  /** A tuple cannot leave the process. Holds its root until it is kept elsewhere. */
  readonly refused: (tuple: TaskTuple, error: unknown) => void
}

/** The streams of a task, each on its way to the tasks of other processes. */
export function portsOf(context: PortsContext): ReadonlyMap<string, StreamPort> {
  const { plan, component, task, stats } = context
  return new Map(
    [...routesOf(context)].map(([stream, routes]) => {
      const merges = takersOf(plan, component.id).some(
        ({ inputs }) =>
          inputs.length > 1 && inputs.some((input) => input.from === component.id && input.stream === stream),
      )
      return [stream, new StreamPort(component.id, stream, task, routes, merges, stats)] as const
    }),
  )
}

/** The ways of each stream of a component. */
export function routesOf(context: PortsContext): ReadonlyMap<string, readonly Route[]> {
  const { plan, component, tasks, sendPlain, refused } = context
  const receiversFor = new Map<string, readonly Receiver[]>()
  for (const taker of plan.components)
    if (!isForeign(taker) && taker.inputs.some(({ from }) => from === component.id))
      receiversFor.set(taker.id, receiversOf(taker, tasks.get(taker.id)!, context))
  return new Map(
    Object.entries(component.streams).map(([stream, fields]) => {
      const takers = plan.components.filter(({ inputs }) =>
        inputs.some((input) => input.from === component.id && input.stream === stream),
      )
      const routes = takers.flatMap((taker) => {
        if (isForeign(taker)) return []
        return taker.inputs
          .filter((input) => input.from === component.id && input.stream === stream)
          .map(({ grouping }) => route(grouping, receiversFor.get(taker.id)!))
      })
      // However many there are: Storm brings it to each.
      if (takers.some(isForeign)) routes.push(plainRoute(fields, sendPlain, refused))
      return [stream, routes] as const
    }),
  )
}

function receiversOf(
  taker: PlanComponent,
  numbers: readonly number[],
  context: PortsContext,
): readonly Receiver[] {
  const receivers = numbers.map(
    (number, index) =>
      new RemoteTask(number, { stream: streamTo(taker.id), place: placeOf(index, numbers.length) }, context),
  )
  const shuffled = taker.inputs.every(({ grouping }) => grouping.kind.endsWith('shuffle'))
  return taker.operator === 'to-topic' && shuffled && receivers.length > 1 ? [byId(receivers)] : receivers
}

/**
 * Tasks that append to a topic get a tuple that comes again where it was the first time: each knows what it has appended
 * itself, and drops it the second time.
 */
const byId = (tasks: readonly RemoteTask[]): Receiver => ({
  number: tasks[0]!.number,
  receive: (tuple) => tasks[murmur2(tuple.derivedId(tuple.component)) % tasks.length]!.receive(tuple),
})

/** A task of another process. */
class RemoteTask implements Receiver {
  readonly number: number
  readonly #to: Destination
  readonly #context: PortsContext
  readonly #remembered: readonly string[]

  constructor(number: number, to: Destination, context: PortsContext) {
    this.number = number
    this.#to = to
    this.#context = context
    this.#remembered = rememberedIn(context.plan)
  }

  receive(tuple: TaskTuple): void {
    const { outbox, refused, spoutPlace } = this.#context
    const { root }: { readonly root: Root } = tuple
    try {
      const carried = carriedOf(tuple, undefined, this.#remembered)
      const place = spoutPlace?.(root)
      outbox.add(this.#to, carriedRecord(place ? { ...carried, spoutPlace: place } : carried, 0), root)
    } catch (error) {
      refused(tuple, error)
    }
  }
}

/** Components whose elements are asked for behind them: see `OperatorTuple.idBelow`. */
export const rememberedIn = ({ components }: Plan): readonly string[] =>
  components.filter(({ operator }) => operator === 'scatter').map(({ id }) => id)
