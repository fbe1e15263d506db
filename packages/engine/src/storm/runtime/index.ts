import { isMainThread } from 'node:worker_threads'
import { type Served, runCode } from './code-thread.ts'
import { printPlan } from './print-plan.ts'

export type { Served } from './code-thread.ts'

/**
 * Runs a component of a topology: all that the entry of a bundle does. It is loaded in a thread of each task's process; and by
 * the engine that makes the bundle, which wants to see the plan.
 *
 * @example
 * await serveComponent({ load: async () => [(await import('./topology.ts')).default], openLog })
 */
export const serveComponent = (served: Served): Promise<void> =>
  isMainThread ? printPlan(served.load) : runCode(served)
