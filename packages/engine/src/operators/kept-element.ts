import { type Event, isEvent, parseStructured, toStructured } from '@heddle/core'
import type { OperatorOutput, OperatorTuple } from './operator.ts'

/** An element that waits in state: what comes out of it is as if it had not waited. */
export interface Kept {
  readonly value: unknown
  /** `value` is an event, as CloudEvents JSON. */
  readonly event?: true
  /** What ids are derived from. */
  readonly origin: string
  /** Event time, in milliseconds. */
  readonly time: number
}

/** The element of a tuple, as JSON. */
export function keep(tuple: OperatorTuple, component: string): Kept {
  const value = tuple.values['value']
  const origin = tuple.derivedId(component)
  const { time } = tuple
  return isEvent(value) ? { value: toStructured(value), event: true, origin, time } : { value, origin, time }
}

/** The element as it was. */
export const valueOf = ({ value, event }: Kept): unknown =>
  event ? (parseStructured(value) satisfies Event) : value

/** Emits an element that has waited. */
export function release(kept: Kept, out: OperatorOutput): void {
  const { origin, time } = kept
  out.emit({ value: valueOf(kept) }, { origin, time })
}
