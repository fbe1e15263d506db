import type { Plan } from '../plan/plan.ts'

/** Functions of a component by their role (`execute`, `predicate`, `pushes`…); which roles there are is the operator's. */
export type ComponentCode = Readonly<Record<string, unknown>>

/**
 * A finished topology: its plan, and the code that the plan's components name. Only the plan travels; an engine loads
 * the same module and looks the code up.
 */
export interface Topology {
  readonly name: string
  /**
   * Built and checked at the first use.
   * @throws HEDDLE_TOPOLOGY_INVALID with every mistake and its place.
   */
  readonly plan: Plan
  /** Code by component id. */
  readonly code: ReadonlyMap<string, ComponentCode>
}

export function isTopology(value: unknown): value is Topology {
  return typeof value === 'object' && value !== null && 'plan' in value && 'code' in value && 'name' in value
}
