import type { ComponentCode, PlanComponent } from '@heddle/core'
import { HeddleError } from '@heddle/core'
import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

type Step = (value: unknown) => unknown

/** Values of a tuple of a graph as the element of a flow. */
export const toValueOperator: OperatorFactory = () => ({
  execute(tuple, out) {
    out.emit({ value: tuple.values })
  },
})

/** Calls `look(value)`, and emits the value. */
export const peekOperator: OperatorFactory = (component, code) => {
  const look = roleOf<Step>(component, code, 'look')
  return {
    execute({ values: { value } }, out) {
      const result = look(value)
      if (isThenable(result)) return Promise.resolve(result).then(() => out.emit({ value }))
      out.emit({ value })
      return undefined
    },
  }
}

/** The parts of each element. */
export const splitOperator: OperatorFactory = (component, code) => {
  const parts = roleOf<(value: unknown) => readonly unknown[] | Promise<readonly unknown[]>>(
    component,
    code,
    'parts',
  )
  return {
    execute(tuple, out) {
      const emitAll = (all: readonly unknown[]): void => {
        const group = tuple.derivedId(component.id)
        for (const [index, part] of all.entries())
          out.emit({ value: { part, group, index, size: all.length } })
        if (all.length === 0) out.count('dropped')
      }
      const result = parts(tuple.values['value'])
      if (isThenable(result)) return result.then(emitAll)
      emitAll(result)
      return undefined
    },
  }
}

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

/** Each element through the function that is named for it. */
export const normaliseOperator: OperatorFactory = (component, code) => {
  const of = roleOf<(value: unknown) => string>(component, code, 'of')
  const shapes = named(component, code, 'shapes')
  return {
    execute({ values: { value } }, out) {
      const result = choose(shapes, of(value), component, 'shape')(value)
      if (isThenable(result)) return Promise.resolve(result).then((made) => out.emit({ value: made }))
      out.emit({ value: result })
      return undefined
    },
  }
}

/** Each element through the steps that are named for it, in their order. */
export const routingSlipOperator: OperatorFactory = (component, code) => {
  const slip = roleOf<(value: unknown) => readonly string[]>(component, code, 'slip')
  const steps = named(component, code, 'steps')
  return {
    async execute({ values }, out) {
      let { value } = values
      for (const name of slip(value)) value = await choose(steps, name, component, 'step')(value)
      out.emit({ value })
    },
  }
}

/** Each element through the step, until it is done. */
export const loopOperator: OperatorFactory = (component, code) => {
  const step = roleOf<Step>(component, code, 'step')
  const until = roleOf<(value: unknown) => boolean>(component, code, 'until')
  const rounds = component.config['rounds'] as number
  return {
    async execute({ values }, out) {
      let { value } = values
      for (let round = 0; !until(value); round++) {
        if (round === rounds)
          throw new HeddleError('HEDDLE_LOOP_UNFINISHED', `'${component.id}' after ${rounds} rounds`)
        value = await step(value)
      }
      out.emit({ value })
    },
  }
}

function named(component: PlanComponent, code: ComponentCode, list: string): ReadonlyMap<string, Step> {
  const names = component.config[list] as readonly string[]
  return new Map(names.map((name) => [name, roleOf<Step>(component, code, `:${name}`)]))
}

function choose(
  steps: ReadonlyMap<string, Step>,
  name: string,
  component: PlanComponent,
  what: string,
): Step {
  const found = steps.get(name)
  if (found) return found
  throw new RangeError(
    `'${component.id}' has no ${what} '${name}'; there are ${[...steps.keys()].join(', ')}`,
  )
}
