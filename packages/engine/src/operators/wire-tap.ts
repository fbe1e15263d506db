import type { OperatorFactory } from './operator.ts'

const toTap = { stream: 'tap' }

/** Each element goes on, and a second time to the stream `tap`. */
export const wireTapOperator: OperatorFactory = () => ({
  execute(tuple, out) {
    const { value } = tuple.values
    out.emit({ value })
    out.emit({ value }, toTap)
  },
})
