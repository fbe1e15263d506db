import { type Log, type Plan, type PlanComponent, type Transactor, stateLayout } from '@heddle/core'
import { ComponentState } from '../../state/component-state.ts'
import { noStore } from './no-store.ts'

/** How many values are kept decoded. */
const cacheEntries = 10_000

/** The state of one task, and what commits it. */
export interface TaskStore {
  readonly state: ComponentState
  /** Commits what `state` has changed; resolves when it is durable. One at a time. */
  commit(): Promise<void>
}

/**
 * Opens the state of a task: a store of its own, since on Storm each task is in a process of its own. A component that keeps
 * nothing has none.
 */
export async function openTaskStore(
  log: Log,
  plan: Plan,
  component: PlanComponent,
  index: number,
): Promise<TaskStore> {
  if (stateLayout(component) === undefined)
    return { state: new ComponentState(noStore, 0), commit: async () => {} }
  const name = storeName(plan.name, component.id, index)
  // The transactor first: it fences a former process of this task, whose last commit is then in the store.
  const transactor: Transactor = await log.transactor(name)
  const state = new ComponentState(await log.store(name), cacheEntries)
  return {
    state,
    async commit() {
      if (!state.changed) return
      state.freeze()
      const transaction = transactor.begin()
      state.write(transaction)
      await transaction.commit()
      state.settle()
    },
  }
}

/** A store for each task of a component. */
export const storeName = (topology: string, component: string, index: number): string =>
  `${topology}/${component}/${index}`
