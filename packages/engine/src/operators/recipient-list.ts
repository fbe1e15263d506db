import { type OperatorFactory, roleOf } from './operator.ts'

/** Each element goes to those of the declared recipients that `recipients(value)` names. */
export const recipientListOperator: OperatorFactory = (component, code) => {
  const recipientsOf = roleOf<(value: unknown) => readonly string[]>(component, code, 'recipients')
  const known = new Map(
    (component.config['recipients'] as readonly string[]).map((name) => [name, { stream: name }]),
  )
  return {
    execute(tuple, out) {
      const { value } = tuple.values
      const chosen = new Set(recipientsOf(value))
      if (chosen.size === 0) out.count('dropped')
      for (const name of chosen) {
        const to = known.get(name)
        if (!to)
          throw new RangeError(
            `'${component.id}' has no recipient '${name}'; there are ${[...known.keys()].join(', ')}`,
          )
        out.emit({ value }, to)
      }
    },
  }
}
