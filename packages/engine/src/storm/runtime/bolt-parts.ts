import { errorStream } from '@heddle/core'
import { BoltTask } from '../../local/bolt-task.ts'
import type { Root } from '../../local/root.ts'
import type { StreamPort } from '../../local/stream-port.ts'
import { TaskOutput } from '../../local/task-output.ts'
import type { Operator, OperatorContext } from '../../operators/operator.ts'
import { operators } from '../../operators/table.ts'
import type { ComponentTimers } from '../../state/timers.ts'
import type { UndoLog } from '../../state/undo-log.ts'
import type { ComponentContext } from './component-context.ts'
import { elementOf, failureOf } from './failure.ts'
import { StormState, type TaskStore } from './task-store.ts'
import type { TopicOutput } from './topic-output.ts'

/** What the one task of a process is made of. */
export interface BoltParts {
  readonly context: ComponentContext
  readonly output: TopicOutput
  readonly ports: ReadonlyMap<string, StreamPort>
  readonly store: TaskStore
  readonly timers: ComponentTimers
  readonly undo: UndoLog
  /** Where event time has come to, in milliseconds. */
  readonly watermark: () => number
}

/** The operator of a component, as its code makes it. */
export const operatorOf = ({ topology, plan, component }: ComponentContext): Operator =>
  operators.get(component.operator)!(component, topology.code.get(component.id) ?? {}, plan.name)

/** Tells of a tuple that cannot leave the process, and keeps it as a dead letter. */
export const refusedBy =
  ({ report, clock, component }: ComponentContext, { letters }: TopicOutput) =>
  (root: Root, error: unknown): void => {
    report(error)
    letters.write({ ...letters.unknown(clock.now()), component: component.id, root, error })
  }

export function boltTask(
  { context, output: { writer, letters }, ports, timers, undo }: BoltParts,
  operator: Operator,
): BoltTask {
  const { component, task, clock, stats, report } = context
  return new BoltTask(task, component, operator, undo, timers.forTask(undo), stats, {
    clock,
    random: Math.random,
    newOutput: () => new TaskOutput(ports, writer, stats),
    gaveUp: (execution, error) => {
      report(error)
      const errors = ports.get(errorStream)
      const { root, values } = execution.tuple
      if (errors?.taken === true)
        errors.send({ value: failureOf(component, execution, error) }, root, execution.tuple, 0, undefined)
      else
        letters.write({
          component: component.id,
          root,
          error,
          attempts: execution.attempts,
          firstFailedAt: execution.firstFailedAt,
          lastFailedAt: clock.now(),
          value: elementOf(values),
        })
    },
    queued: () => {},
  })
}

export function operatorContext({ context, output, store, ...parts }: BoltParts): OperatorContext {
  const { plan, component, task, index, tasks, clock, report } = context
  const componentOf: Record<string, string> = {}
  for (const [id, numbers] of tasks) for (const number of numbers) componentOf[number] = id
  // Where several attempts are under way at once, it cannot be told whose change it was.
  const undo = component.concurrency === 1 ? parts.undo : undefined
  return {
    topology: plan.name,
    component: component.id,
    task,
    index,
    tasks: tasks.get(component.id)!.length,
    clock,
    state: new StormState(store.state, undo),
    timers: parts.timers.forTask(undo),
    tasksOf: (other) => tasks.get(other) ?? [],
    signal: new AbortController().signal,
    // The state is its own.
    leads: true,
    watermark: parts.watermark,
    fieldsOf: (other, stream) => plan.components.find(({ id }) => id === other)?.streams[stream] ?? [],
    componentOf,
    report,
    maxRecordBytes: output.maxRecordBytes,
  }
}
