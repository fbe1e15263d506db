import process from 'node:process'
import type { Served } from './code-thread.ts'

/** Marks the line with the plan among whatever the topology prints when it is loaded. */
export const planMark = '\u0000plan '

/** Prints the plan that the bundle has of the topology with the name in the first argument: what is submitted is compared with it. */
export async function printPlan(load: Served['load']): Promise<void> {
  const topology = (await load()).find(({ name }) => name === process.argv[2])
  process.stdout.write(`\n${planMark}${JSON.stringify(topology?.plan ?? null)}\n`, () => process.exit(0))
}
