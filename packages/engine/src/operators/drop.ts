import type { OperatorFactory } from './operator.ts'

/** The end of a branch that nobody wants. */
export const dropOperator: OperatorFactory = () => ({
  execute(_tuple, out) {
    out.count('dropped')
  },
})
