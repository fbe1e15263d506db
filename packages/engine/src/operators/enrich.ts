import type { SignalLike } from '@heddle/core'
import { type BreakerConfig, CircuitBreaker } from './breaker.ts'
import { type OperatorFactory, isThenable, roleOf } from './operator.ts'

type Enrich = (value: unknown, call: { readonly signal: SignalLike }) => unknown

/** One element for each, from a call to somewhere else: `enrich(value, { signal })`. */
export const enrichOperator: OperatorFactory = (component, code) => {
  const enrich = roleOf<Enrich>(component, code, 'enrich')
  const config = component.config['breaker'] as unknown as BreakerConfig | undefined
  let call: { readonly signal: SignalLike }
  let breaker: CircuitBreaker | undefined

  const guarded = async (value: unknown, guard: CircuitBreaker): Promise<unknown> => {
    guard.check()
    try {
      const result = await enrich(value, call)
      guard.succeeded()
      return result
    } catch (error) {
      guard.failed()
      throw error
    }
  }

  return {
    open({ signal, clock }) {
      call = { signal }
      if (config) breaker = new CircuitBreaker(component.id, config, clock)
    },
    execute(tuple, out) {
      const { value } = tuple.values
      const result = breaker ? guarded(value, breaker) : enrich(value, call)
      if (isThenable(result)) return Promise.resolve(result).then((made) => out.emit({ value: made }))
      out.emit({ value: result })
      return undefined
    },
  }
}
