import type { OperatorFactory } from './operator.ts'

/** Only some fields of each element. */
export const pickOperator: OperatorFactory = (component) => {
  const fields = component.config['fields'] as readonly string[]
  return {
    execute({ values: { value } }, out) {
      const from = value as Readonly<Record<string, unknown>>
      out.emit({
        value: Object.fromEntries(fields.filter((name) => name in from).map((name) => [name, from[name]])),
      })
    },
  }
}

/** Each element without some fields. */
export const omitOperator: OperatorFactory = (component) => {
  const fields = new Set(component.config['fields'] as readonly string[])
  return {
    execute({ values: { value } }, out) {
      out.emit({
        value: Object.fromEntries(Object.entries(value as object).filter(([name]) => !fields.has(name))),
      })
    },
  }
}
