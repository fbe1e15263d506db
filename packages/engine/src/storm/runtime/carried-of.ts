import type { TaskTuple } from '../../local/task-tuple.ts'
import type { Carried } from '../../stages/carried.ts'

/** What travels of a tuple. */
export function carriedOf(tuple: TaskTuple): Carried {
  const { root, component, stream, task, time, traceparent, partitionkey, values } = tuple
  return {
    component,
    stream,
    task,
    origin: tuple.derivedId(component),
    time,
    traceparent,
    partitionkey,
    input: root.input,
    namedTask: undefined,
    below: {},
    values,
  }
}
