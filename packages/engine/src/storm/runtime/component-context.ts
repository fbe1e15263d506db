import {
  type Clock,
  HeddleError,
  type Log,
  type Plan,
  type PlanComponent,
  type Topology,
  errorMessage,
  systemClock,
} from '@heddle/core'
import { ComponentStats } from '../../local/component-stats.ts'
import type { Handshake } from '../../multilang/messages.ts'
import { outputsOf } from './outputs.ts'
import type { Tasks } from './ports.ts'
import { type ComponentSettings, confNames } from './settings.ts'

/** What a component is, by the configuration and the context that Storm gives it. */
export interface ComponentContext {
  readonly topology: Topology
  readonly plan: Plan
  readonly component: PlanComponent
  /** It reads the outputs of the component, and emits them to those that take from it. */
  readonly reads: boolean
  /** Ids of components: see `transactionalIn`. */
  readonly transactional: ReadonlySet<string>
  readonly task: number
  /** 0 … tasks - 1 */
  readonly index: number
  readonly tasks: Tasks
  readonly settings: ComponentSettings
  readonly log: Log
  readonly clock: Clock
  readonly stats: ComponentStats
  /** Tells Storm, at most once in a while. */
  readonly report: (error: unknown) => void
  /** The process cannot go on: Storm starts it again. */
  readonly broken: (error: unknown) => void
}

/** What of that comes from the handshake. @throws HEDDLE_ENGINE_REFUSED when it is none of ours. */
export function readHandshake(
  { conf, context }: Handshake,
  topologies: readonly Topology[],
): Omit<ComponentContext, 'log' | 'report' | 'broken'> {
  const plan = json<Plan>(conf, confNames.plan)
  const topology = topologies.find(({ name }) => name === plan.name)
  const id = context['componentid'] as string
  const stoodFor = outputsOf(id)
  const component = plan.components.find((each) => each.id === (stoodFor ?? id))
  if (!topology || !component)
    throw new HeddleError('HEDDLE_ENGINE_REFUSED', `the bundle has no '${id}' of '${plan.name}'`)
  const task = context['taskid'] as number
  const tasks = tasksOf(context['task->component'] as Readonly<Record<string, string>>)
  return {
    topology,
    plan,
    component,
    reads: stoodFor !== undefined,
    transactional: new Set(json<readonly string[]>(conf, confNames.transactional)),
    task,
    index: tasks.get(id)!.indexOf(task),
    tasks,
    settings: json(conf, confNames.settings),
    clock: systemClock,
    stats: new ComponentStats(component, systemClock.now()),
  }
}

/** A value of the configuration that is JSON in itself. */
export function json<T>(conf: Handshake['conf'], name: string): T {
  try {
    return JSON.parse(conf[name] as string) as T
  } catch (error) {
    throw new HeddleError('HEDDLE_ENGINE_REFUSED', `${name} in the configuration: ${errorMessage(error)}`)
  }
}

function tasksOf(componentOf: Readonly<Record<string, string>>): Tasks {
  const tasks = new Map<string, number[]>()
  const numbers = Object.keys(componentOf)
    .map(Number)
    .sort((a, b) => a - b)
  for (const number of numbers) {
    const component = componentOf[number]!
    tasks.set(component, [...(tasks.get(component) ?? []), number])
  }
  return tasks
}
