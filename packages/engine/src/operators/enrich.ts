import type { SignalLike } from '@heddle/core'
import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

type Enrich = (value: unknown, call: { readonly signal: SignalLike }) => unknown

/** One element for each, from a call to somewhere else: `enrich(value, { signal })`. */
export const enrichOperator: OperatorFactory = (component, code) => {
  const enrich = roleOf<Enrich>(component, code, 'enrich')
  let call: { readonly signal: SignalLike }
  return {
    open({ signal }) {
      call = { signal }
    },
    execute(tuple, out) {
      const result = enrich(tuple.values['value'], call)
      if (isThenable(result)) return Promise.resolve(result).then((value) => out.emit({ value }))
      out.emit({ value: result })
      return undefined
    },
  }
}
