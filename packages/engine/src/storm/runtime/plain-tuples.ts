/**
 * Plain tuples: what goes between components of ours and those that Storm runs itself, programs and classes in Java. There a tuple
 * of Storm is one tuple of ours, with its values in the order of the fields, on the stream that the plan has; and Storm groups.
 *
 * @module
 */
import type { Plan, PlanComponent } from '@heddle/core'
import { Root, type RootOwner } from '../../local/root.ts'
import type { Route } from '../../local/route.ts'
import { TaskTuple } from '../../local/task-tuple.ts'
import { type TupleMessage, fromList, toList } from '../../multilang/messages.ts'

/** True for a component that Storm runs itself. */
export const isForeign = ({ operator }: Pick<PlanComponent, 'operator'>): boolean =>
  operator === 'shell' || operator === 'java'

/** A tuple for Storm to group. */
export interface PlainTuple {
  readonly stream: string
  readonly values: readonly unknown[]
}

/** Sends one, for that root. @throws TypeError for values that JSON cannot have; nothing is sent then. */
export type SendPlain = (tuple: PlainTuple, root: Root) => void

/** The way of a stream with these fields to all foreign components that take it. */
export const plainRoute = (
  fields: readonly string[],
  send: SendPlain,
  refused: (tuple: TaskTuple, error: unknown) => void,
): Route => ({
  deliver(tuple) {
    try {
      send({ stream: tuple.stream, values: toList(tuple.values, fields) }, tuple.root)
    } catch (error) {
      refused(tuple, error)
    }
  },
})

/**
 * What a foreign component has sent. It does not say what its tuple came of, so that ids of what is made of it are new each time.
 *
 * @throws RangeError when its values are not those of the fields.
 */
export function plainTuple(
  { components }: Plan,
  { comp, stream, task, tuple }: TupleMessage,
  owner: RootOwner,
  now: number,
): TaskTuple {
  const fields = components.find(({ id }) => id === comp)?.streams[stream] ?? []
  const values = fromList(tuple, fields, `'${comp}'`)
  return new TaskTuple(
    values,
    new Root(owner, now),
    { component: comp, stream, task },
    undefined,
    0,
    undefined,
  )
}
