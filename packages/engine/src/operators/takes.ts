import type { ComponentCode, PlanComponent } from '@heddle/core'
import type { Operator } from './operator.ts'
import { operators, stateless } from './table.ts'

/** Which of the calls that belong to no tuple a component may take. */
export interface Takes {
  readonly timers: boolean
  /** Event time makes a difference to it. */
  readonly eventTime: boolean
}

/** What a component takes, seen before its tasks are made. */
export function takesOf(component: PlanComponent, code: ComponentCode, topology: string): Takes {
  if (stateless.has(component.operator)) return { timers: false, eventTime: false }
  const { bolt } = code
  // A factory of the user's is not called for being looked at.
  const unknown = typeof bolt === 'object' && bolt !== null && 'create' in bolt
  if (unknown || component.kind === 'spout') return { timers: unknown, eventTime: unknown }
  const operator: Operator = operators.get(component.operator)!(component, code, topology)
  const timers = operator.timer !== undefined
  // A bolt of the user's can set timers that it does not take.
  return { timers: timers || bolt !== undefined, eventTime: timers || operator.watermark !== undefined }
}
