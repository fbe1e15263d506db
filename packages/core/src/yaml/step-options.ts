import type { RetryPolicy } from '../plan/plan.ts'
import { backoff, noRetry } from '../topology/retry.ts'
import type { BranchText } from './branch.ts'
import {
  type Read,
  type Shape,
  duration,
  either,
  field,
  mapped,
  number,
  object,
  oneOf,
  required,
  text,
  wholeNumber,
} from './shape.ts'

/** Ids of components: see `checkPlan`. */
export const componentName = text(
  "a name of letters, digits, '.', '_' and '-'",
  /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,199}$/,
)

/** How a step is tried again. */
export const retryShape: Shape<RetryPolicy> = either(
  mapped(oneOf('none'), () => noRetry),
  mapped(
    object('an object such as { initial: 100ms, attempts: 5 }', {
      initial: required(duration, 'The first wait.'),
      attempts: field(wholeNumber(1), 'How often it is tried in all, the first time included. Default 5.'),
      factor: field(number(1), 'Each wait is this many times the one before. Default 2.'),
      max: field(duration, 'No wait is longer. Default 1m.'),
      jitter: field(number(0, 1), 'Share of each wait that is random. Default 0.2.'),
    }),
    ({ initial, ...options }) => backoff(initial, options),
  ),
)

/** What every step takes beside its own word. */
export const stepOptionFields = (branch: Shape<BranchText>) => ({
  name: field(
    componentName,
    'Its id in the plan, in metrics and errors; state is kept under it. Default: its word.',
  ),
  parallelism: field(wholeNumber(1), 'Tasks. Default 1.'),
  retry: field(
    { ...retryShape, schema: { $ref: '#/$defs/retry' } },
    'What is done when it fails: none, or waits that grow. Default: three attempts.',
  ),
  onError: field(branch, 'Where elements go that failed for good. Default: to the dead letters.'),
})

export type StepOptionText = {
  readonly [Name in keyof ReturnType<typeof stepOptionFields>]?: Read<
    ReturnType<typeof stepOptionFields>[Name]['shape']
  >
}
