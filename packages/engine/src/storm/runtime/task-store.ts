import {
  HeddleError,
  type Log,
  type Plan,
  type PlanComponent,
  type RecordInput,
  type Transactor,
  stateLayout,
} from '@heddle/core'
import { timersName } from '../../local/plan-record.ts'
import { ComponentState } from '../../state/component-state.ts'
import { TaskState } from '../../state/task-state.ts'
import { noStore } from './no-store.ts'

/** How many values are kept decoded. */
const cacheEntries = 10_000

/** The state of one task, and what commits it. */
export interface TaskStore {
  readonly state: ComponentState
  /** Where its timers are, if it has some. */
  readonly timers: ComponentState
  /**
   * Commits what `state` and `timers` have changed until now; resolves when it is durable. One at a time.
   * @param until What has to be done before.
   * @param outputs Records to append in the same transaction.
   */
  commit(until?: () => Promise<void>, outputs?: Outputs): Promise<void>
}

export interface Outputs {
  readonly topic: string
  readonly records: readonly RecordInput[]
}

/** What begins so in a store is not of the component's code. */
export const ownKey = '\u0000heddle/'

/** Under which key a store has the number of tasks that share the state of the component. */
const tasksKey = `${ownKey}tasks`

/** The state as the code of a component has it. */
export class StormState extends TaskState {
  override *entries<T>(prefix = ''): Iterable<readonly [key: string, value: T]> {
    for (const entry of super.entries<T>(prefix)) if (!entry[0].startsWith(ownKey)) yield entry
  }
}

/** The state of a component that keeps nothing. */
const nothing = (): ComponentState => new ComponentState(noStore, 0)

/**
 * Opens the state of a task: a store of its own, since on Storm each task is in a process of its own. A component that keeps
 * nothing has none.
 *
 * @param tasks How many tasks share the state of the component: which key is where depends on it.
 * @param timed It has timers.
 * @throws HEDDLE_UPGRADE_INCOMPATIBLE when it was kept by another number of tasks.
 */
export async function openTaskStore(
  log: Log,
  plan: Plan,
  component: PlanComponent,
  index: number,
  tasks: number,
  timed = false,
): Promise<TaskStore> {
  if (stateLayout(component) === undefined)
    return { state: nothing(), timers: nothing(), commit: async () => {} }
  const name = storeName(plan.name, component.id, index)
  // The transactor first: it fences a former process of this task, whose last commit is then in the store.
  const transactor: Transactor = await log.transactor(name)
  const state = new ComponentState(await log.store(name), cacheEntries)
  const before = state.get(tasksKey) ?? tasks
  if (before !== tasks)
    throw new HeddleError(
      'HEDDLE_UPGRADE_INCOMPATIBLE',
      `the state of '${component.id}' is that of ${before as number} tasks, and it has ${tasks}: submit it with as many`,
    )
  state.set(tasksKey, tasks)
  const timers = timed ? new ComponentState(await log.store(timersName(name)), 0) : nothing()
  const parts = [state, timers]
  return {
    state,
    timers,
    async commit(until, { topic, records } = none) {
      if (records.length === 0 && !parts.some(({ changed }) => changed)) return
      for (const part of parts) part.freeze()
      await until?.()
      const transaction = transactor.begin()
      for (const part of parts) part.write(transaction)
      if (records.length > 0) transaction.append(topic, records)
      await transaction.commit()
      for (const part of parts) part.settle()
    },
  }
}

const none: Outputs = { topic: '', records: [] }

/** A store for each task of a component. */
const storeName = (topology: string, component: string, index: number): string =>
  `${topology}/${component}/${index}`
