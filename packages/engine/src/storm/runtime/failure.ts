import { type PlanComponent, type Values, errorMessage, isHeddleError } from '@heddle/core'
import type { Execution } from '../../local/bolt-task.ts'

/** What an `$error` stream gets: `Failure` of core's flow. */
export function failureOf(component: PlanComponent, { tuple, attempts }: Execution, error: unknown): unknown {
  return {
    value: elementOf(tuple.values),
    error: {
      ...(isHeddleError(error) && { code: error.code }),
      message: errorMessage(error),
      ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
    },
    attempts,
    component: component.id,
  }
}

/** What a flow calls an element, or all values of the tuple. */
export const elementOf = (values: Values): unknown => ('value' in values ? values['value'] : values)
