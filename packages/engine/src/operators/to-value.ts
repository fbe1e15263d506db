import type { OperatorFactory } from './operator.ts'

/** Values of a tuple of a graph as the element of a flow. */
export const toValueOperator: OperatorFactory = () => ({
  execute(tuple, out) {
    out.emit({ value: tuple.values })
  },
})
