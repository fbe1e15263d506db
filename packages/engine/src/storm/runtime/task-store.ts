import {
  HeddleError,
  type Log,
  type Plan,
  type PlanComponent,
  type Transactor,
  stateLayout,
} from '@heddle/core'
import { ComponentState } from '../../state/component-state.ts'
import { TaskState } from '../../state/task-state.ts'
import { noStore } from './no-store.ts'

/** How many values are kept decoded. */
const cacheEntries = 10_000

/** The state of one task, and what commits it. */
export interface TaskStore {
  readonly state: ComponentState
  /**
   * Commits what `state` has changed until now; resolves when it is durable. One at a time.
   * @param until What has to be done before.
   */
  commit(until?: () => Promise<void>): Promise<void>
}

/** Under which key a store has the number of tasks that share the state of the component. */
const tasksKey = '\u0000heddle/tasks'

/** The state as the code of a component has it. */
export class StormState extends TaskState {
  override *entries<T>(prefix = ''): Iterable<readonly [key: string, value: T]> {
    for (const entry of super.entries<T>(prefix)) if (entry[0] !== tasksKey) yield entry
  }
}

/**
 * Opens the state of a task: a store of its own, since on Storm each task is in a process of its own. A component that keeps
 * nothing has none.
 *
 * @param tasks How many tasks share the state of the component: which key is where depends on it.
 * @throws HEDDLE_UPGRADE_INCOMPATIBLE when it was kept by another number of tasks.
 */
export async function openTaskStore(
  log: Log,
  plan: Plan,
  component: PlanComponent,
  index: number,
  tasks: number,
): Promise<TaskStore> {
  if (stateLayout(component) === undefined)
    return { state: new ComponentState(noStore, 0), commit: async () => {} }
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
  return {
    state,
    async commit(until) {
      if (!state.changed) return
      state.freeze()
      await until?.()
      const transaction = transactor.begin()
      state.write(transaction)
      await transaction.commit()
      state.settle()
    },
  }
}

/** A store for each task of a component. */
const storeName = (topology: string, component: string, index: number): string =>
  `${topology}/${component}/${index}`
