import {
  type Clock,
  HeddleError,
  type Plan,
  type PlanComponent,
  type SignalLike,
  type Topology,
  errorMessage,
  errorStream,
  isHeddleError,
} from '@heddle/core'
import type { OperatorContext } from '../operators/operator.ts'
import { operators } from '../operators/table.ts'
import { type CarryTarget, carryRoute } from '../stages/carry-route.ts'
import type { ComponentState } from '../state/component-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { ComponentTimers } from '../state/timers.ts'
import { UndoLog } from '../state/undo-log.ts'
import { BoltTask, type Execution } from './bolt-task.ts'
import type { ComponentStats } from './component-stats.ts'
import type { Root } from './root.ts'
import { route } from './route.ts'
import { StreamPort } from './stream-port.ts'
import { type Appender, TaskOutput } from './task-output.ts'

/** What a failed tuple leaves behind. */
export interface GaveUp {
  readonly component: string
  readonly root: Root
  readonly error: unknown
  readonly attempts: number
  /** Clock time of the first and the last failure, in milliseconds. */
  readonly firstFailedAt: number
  readonly lastFailedAt: number
  /** The element, where there is no event to show. */
  readonly value: unknown
}

export interface NetworkServices {
  readonly clock: Clock
  readonly random: () => number
  readonly appender: Appender
  readonly stats: ReadonlyMap<string, ComponentStats>
  readonly states: ReadonlyMap<string, ComponentState>
  readonly timers: ReadonlyMap<string, ComponentTimers>
  readonly signal: SignalLike
  /** Where a component's event time has come to, in milliseconds. */
  readonly timeOf: (component: string) => number
  readonly maxRecordBytes: (topic: string) => number
  /** Takes what no `$error` stream takes; holds the root until it is kept. */
  readonly deadLetter: (gaveUp: GaveUp) => void
  /** The whole plan, of which the network may have a part. */
  readonly whole: Plan
  /** The way to a component that is in another part. */
  readonly wayTo: (component: PlanComponent) => CarryTarget
  /** A component has reported an error. */
  readonly report: (component: string, error: unknown) => void
}

/** A task of a spout: number, and streams to emit to. */
export interface SpoutTask {
  readonly component: PlanComponent
  readonly number: number
  readonly index: number
  readonly ports: ReadonlyMap<string, StreamPort>
}

/** The tasks of one run of a topology, joined by their streams. */
export class Network {
  readonly spouts: readonly SpoutTask[]
  /** In topological order. */
  readonly bolts: readonly BoltTask[]
  /** Tuples that wait in the queues of tasks. */
  queued = 0
  readonly #tasks: ReadonlyMap<string, readonly number[]>
  readonly #contexts: ReadonlyMap<BoltTask, OperatorContext>
  readonly #byComponent: ReadonlyMap<string, readonly BoltTask[]>

  constructor(topology: Topology, tasks: ReadonlyMap<string, readonly number[]>, services: NetworkServices) {
    const { plan } = topology
    this.#tasks = tasks
    const byComponent = new Map<string, BoltTask[]>()
    const contexts = new Map<BoltTask, OperatorContext>()
    const spouts: SpoutTask[] = []
    // Receivers before emitters, so that an emitter's routes find them.
    for (const component of plan.components.toReversed()) {
      const ports = portsFor(component, byComponent, services)
      const numbers = tasks.get(component.id)!
      if (component.kind === 'spout') {
        for (const [index, number] of numbers.entries())
          spouts.push({ component, number, index, ports: ports(number) })
        continue
      }
      const made = numbers.map((number, index) => {
        const { task, context } = this.#bolt(topology, component, number, index, ports(number), services)
        contexts.set(task, context)
        return task
      })
      byComponent.set(component.id, made)
    }
    this.spouts = spouts.toReversed()
    this.bolts = plan.components.flatMap(({ id }) => byComponent.get(id) ?? [])
    this.#contexts = contexts
    this.#byComponent = byComponent
  }

  /** Tasks of a bolt. */
  tasksOf(component: string): readonly BoltTask[] {
    return this.#byComponent.get(component) ?? []
  }

  /** Opens all bolts, the last ones first, so that none gets a tuple before it is open. When one fails the others are closed. */
  async open(): Promise<void> {
    const opened: BoltTask[] = []
    try {
      for (const task of this.bolts.toReversed()) {
        await task.operator.open?.(this.#contexts.get(task)!)
        opened.push(task)
      }
    } catch (error) {
      await Promise.allSettled(opened.map(async ({ operator }) => operator.close?.()))
      throw error
    }
  }

  /** Closes all bolts; the first error is thrown when all have been closed. */
  async close(): Promise<void> {
    const errors: unknown[] = []
    for (const task of this.bolts) {
      task.abandonAll()
      try {
        await task.operator.close?.()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  abandon(root: Root): void {
    for (const task of this.bolts) task.abandon(root)
  }

  #bolt(
    topology: Topology,
    component: PlanComponent,
    number: number,
    index: number,
    ports: ReadonlyMap<string, StreamPort>,
    services: NetworkServices,
  ): { task: BoltTask; context: OperatorContext } {
    const { id } = component
    const stats = services.stats.get(id)!
    const operator = operators.get(component.operator)!(component, topology.code.get(id) ?? {}, topology.name)
    const undo = new UndoLog()
    const undoable = component.concurrency === 1 ? undo : undefined
    const timers = services.timers.get(id)!
    // Fired when nothing else runs in the task, so that it is known whose change it is.
    const task = new BoltTask(number, component, operator, undo, timers.forTask(undo), stats, {
      clock: services.clock,
      random: services.random,
      newOutput: () => new TaskOutput(ports, services.appender, stats),
      gaveUp: (execution, error) => {
        services.report(id, error)
        const errors = ports.get(errorStream)
        if (errors?.taken === true) sendFailure(errors, component, execution, error)
        else {
          stats.deadLettered++
          services.deadLetter(gaveUp(component, execution, error, services.clock.now()))
        }
      },
      queued: (change) => {
        this.queued += change
      },
    })
    const context: OperatorContext = {
      topology: topology.name,
      component: id,
      task: number,
      index,
      tasks: this.#tasks.get(id)!.length,
      clock: services.clock,
      state: new TaskState(services.states.get(id)!, undoable),
      timers: timers.forTask(undoable),
      tasksOf: (other) => this.#tasks.get(other) ?? [],
      signal: services.signal,
      leads: index === 0,
      watermark: () => services.timeOf(id),
      fieldsOf: (other, stream) =>
        services.whole.components.find((each) => each.id === other)?.streams[stream] ?? [],
      componentOf: componentsOf(this.#tasks),
      report: (error) => services.report(id, error),
      maxRecordBytes: services.maxRecordBytes,
    }
    return { task, context }
  }
}

/** Numbers of the tasks of each component, unique in the topology and from 1 on. */
export function numberTasks(
  plan: Plan,
  parallelism: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly number[]> {
  let last = 0
  return new Map(
    plan.components.map(({ id, parallelism: planned }) => [
      id,
      Array.from({ length: parallelism.get(id) ?? planned }, () => ++last),
    ]),
  )
}

/** Component of each task, by its number. */
export const componentsOf = (
  tasks: ReadonlyMap<string, readonly number[]>,
): Readonly<Record<string, string>> =>
  Object.fromEntries([...tasks].flatMap(([id, numbers]) => numbers.map((number) => [number, id])))

/** Makes the streams of a component's tasks. */
function portsFor(
  component: PlanComponent,
  receivers: ReadonlyMap<string, readonly BoltTask[]>,
  services: NetworkServices,
): (task: number) => ReadonlyMap<string, StreamPort> {
  const stats = services.stats.get(component.id)!
  const streams = Object.keys(component.streams).map((stream) => {
    const takers = services.whole.components.filter(({ inputs }) =>
      inputs.some((input) => input.from === component.id && input.stream === stream),
    )
    const inputs = takers.flatMap((taker) =>
      taker.inputs
        .filter((input) => input.from === component.id && input.stream === stream)
        .map(({ grouping }) => ({ taker, grouping })),
    )
    return { stream, inputs, merges: takers.some((taker) => taker.inputs.length > 1) }
  })
  return (task) =>
    new Map(
      streams.map(({ stream, inputs, merges }) => {
        const routes = inputs.map(({ taker, grouping }) => {
          const tasks = receivers.get(taker.id)
          return tasks ? route(grouping, tasks) : carryRoute(grouping, services.wayTo(taker))
        })
        return [stream, new StreamPort(component.id, stream, task, routes, merges, stats)]
      }),
    )
}

const gaveUp = (
  component: PlanComponent,
  execution: Execution,
  error: unknown,
  lastFailedAt: number,
): GaveUp => ({
  component: component.id,
  root: execution.tuple.root,
  error,
  attempts: execution.attempts,
  firstFailedAt: execution.firstFailedAt,
  lastFailedAt,
  value: elementOf(execution),
})

/** What a flow calls an element, or all values of the tuple. */
const elementOf = ({ tuple: { values } }: Execution): unknown =>
  'value' in values ? values['value'] : values

/** Emits `Failure` (see core's flow). */
function sendFailure(port: StreamPort, component: PlanComponent, execution: Execution, error: unknown): void {
  const { tuple, attempts } = execution
  const value = {
    value: elementOf(execution),
    error: {
      ...(isHeddleError(error) && { code: error.code }),
      message: errorMessage(error),
      ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
    },
    attempts,
    component: component.id,
  }
  port.send({ value }, tuple.root, tuple, 0, undefined)
}

/**
 * Finds components that this engine has no operator for.
 * @throws HEDDLE_ENGINE_UNSUPPORTED
 */
export function checkOperators(plan: Plan): void {
  for (const { id, kind, operator, config } of plan.components) {
    const known = kind === 'spout' ? ['topic', 'spout', 'shell'].includes(operator) : operators.has(operator)
    if (known) continue
    throw new HeddleError(
      'HEDDLE_ENGINE_UNSUPPORTED',
      operator === 'java'
        ? `'${id}' of '${plan.name}' is the class ${config['class'] as string}, and Java runs on Storm only: heddle submit … --engine storm://…`
        : `'${id}' of '${plan.name}' is a ${kind} with the operator '${operator}'`,
    )
  }
}
