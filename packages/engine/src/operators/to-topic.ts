import type { ComponentCode, Values } from '@heddle/core'
import { type Maker, outputRecord } from './derived-event.ts'
import type { Operator, OperatorContext, OperatorFactory } from './operator.ts'
import { checkSize } from './record-size.ts'

/** Appends each element to a topic: the event that it is, or one made of it. */
export function appendTo(topic: string, code: ComponentCode, maker: Maker): Operator {
  const map = code['map'] as ((values: Values) => unknown) | undefined
  let context: OperatorContext
  return {
    open(opened) {
      context = opened
    },
    execute(tuple, out) {
      const { values } = tuple
      const value = map ? map(values) : 'value' in values ? values['value'] : values
      const record = outputRecord(value, tuple, maker)
      checkSize(record, topic, context.maxRecordBytes(topic))
      out.append(topic, record)
    },
  }
}

/** Appends each element to the topic that the component names. */
export const toTopicOperator: OperatorFactory = (component, code, topology) =>
  appendTo(component.config['topic'] as string, code, { topology, component: component.id })
