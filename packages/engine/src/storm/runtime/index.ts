import { isMainThread } from 'node:worker_threads'
import { type Served, runCode } from './code-thread.ts'
import { printPlan, wantsPlan } from './print-plan.ts'
import { speakWithStorm } from './protocol-thread.ts'

export type { Served } from './code-thread.ts'

/**
 * Runs a component of a topology: the only line of a bundle's entry. Storm starts it once for each task.
 *
 * @param entry `import.meta.url` of the bundle.
 * @example
 * await serveComponent(import.meta.url, { load: async () => (await import('./topology.ts')).default, openLog })
 */
export async function serveComponent(entry: string, served: Served): Promise<void> {
  if (!isMainThread) await runCode(served)
  else if (wantsPlan()) await printPlan(served.load)
  else speakWithStorm(new URL(entry))
}
