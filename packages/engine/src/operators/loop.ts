import { HeddleError } from '@heddle/core'
import { type OperatorFactory, roleOf } from './operator.ts'

/** Each element through the step, until it is done. */
export const loopOperator: OperatorFactory = (component, code) => {
  const step = roleOf<(value: unknown) => unknown>(component, code, 'step')
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
