import type { OperatorFactory } from './operator.ts'
import { appendTo } from './to-topic.ts'

/** Topic in which the events of a sink wait to be delivered. */
export const outboxTopic = (topology: string, component: string): string => `${topology}.${component}.outbox`

/** Appends each element to the outbox of its sink; the engine delivers what is in there. */
export const sinkOperator: OperatorFactory = (component, code, topology) =>
  appendTo(outboxTopic(topology, component.id), code, { topology, component: component.id })
