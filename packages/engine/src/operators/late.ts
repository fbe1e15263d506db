import type { PlanComponent } from '@heddle/core'
import type { OperatorOutput, OperatorTuple } from './operator.ts'

/** Stream of elements that came when their window was over. */
const lateStream = '$late'

/** What is done with elements that are late: counted, and emitted where somebody takes them. */
export function lateOutput(component: PlanComponent): (tuple: OperatorTuple, out: OperatorOutput) => void {
  const taken = lateStream in component.streams
  return (tuple, out) => {
    out.count('late')
    if (taken) out.emit({ value: tuple.values['value'] }, { stream: lateStream })
  }
}
