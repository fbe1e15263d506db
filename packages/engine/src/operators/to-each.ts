import { outputRecord } from './derived-event.ts'
import { type OperatorContext, type OperatorFactory, roleOf } from './operator.ts'
import { checkSize } from './record-size.ts'

/** Appends each element to those of the declared topics that `choose(value)` names. */
export const toEachOperator: OperatorFactory = (component, code, topology) => {
  const choose = roleOf<(value: unknown) => readonly string[]>(component, code, 'choose')
  const topics = component.config['topics'] as readonly string[]
  const known = new Set(topics)
  let context: OperatorContext
  return {
    open(opened) {
      context = opened
    },
    execute(tuple, out) {
      const { value } = tuple.values
      const chosen = new Set(choose(value))
      for (const name of chosen)
        if (!known.has(name))
          throw new RangeError(
            `'${component.id}' may not send to '${name}'; its topics are ${topics.join(', ')}`,
          )
      if (chosen.size === 0) return out.count('dropped')
      const record = outputRecord(value, tuple, { topology, component: component.id })
      for (const name of chosen) {
        checkSize(record, name, context.maxRecordBytes(name))
        out.append(name, record)
      }
    },
  }
}
