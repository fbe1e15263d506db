import type { TaskTuple } from '../local/task-tuple.ts'
import type { Carried } from './carried.ts'

/**
 * What travels of a tuple.
 *
 * @param namedTask The task that the emitter named, for the direct grouping.
 * @param remembered Components whose elements are asked for where it goes: see `OperatorTuple.idBelow`.
 */
export function carriedOf(tuple: TaskTuple, namedTask?: number, remembered: readonly string[] = []): Carried {
  const { root, component, stream, task, time, traceparent, partitionkey, values } = tuple
  const below: Record<string, string> = {}
  for (const id of remembered) {
    const found = tuple.findBelow(id)
    if (found !== undefined) below[id] = found
  }
  return {
    component,
    stream,
    task,
    origin: tuple.derivedId(component),
    time,
    traceparent,
    partitionkey,
    input: root.input,
    namedTask,
    below,
    values,
  }
}
