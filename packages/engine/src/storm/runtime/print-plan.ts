import process from 'node:process'
import type { Served } from './code-thread.ts'

/** The argument that asks a bundle for a plan, by the name of its topology. */
export const planFlag = '--plan'

export const wantsPlan = (): boolean => process.argv[2] === planFlag

/** Marks the line with the plan among whatever the topology prints when it is loaded. */
export const planMark = '\u0000plan '

/** Prints the plan that the bundle has of a topology: what is submitted is compared with it. */
export async function printPlan(load: Served['load']): Promise<void> {
  const topology = (await load()).find(({ name }) => name === process.argv[3])
  process.stdout.write(`\n${planMark}${JSON.stringify(topology?.plan ?? null)}\n`, () => process.exit(0))
}
