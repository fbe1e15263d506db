import type { OutputText } from './output.ts'
import { type Shape, either, field, list, mapped, yes } from './shape.ts'
import type { StepText } from './steps.ts'

/** Steps to an end, as a file has them. */
export interface BranchText {
  readonly steps?: readonly StepText[]
  readonly to?: readonly OutputText[]
  readonly drop?: true
}

/** The fields that branches have, and the file itself. */
export const branchFields = (steps: Shape<readonly StepText[]>, output: Shape<OutputText>) => ({
  steps: field(steps, 'What is done, in order.'),
  to: field(
    either(
      mapped(output, (one): readonly OutputText[] => [one]),
      list(output, { least: 1 }),
    ),
    'Where it goes: a topic or another output, or a list of them.',
  ),
  drop: field(yes, 'It goes nowhere, on purpose.'),
})
