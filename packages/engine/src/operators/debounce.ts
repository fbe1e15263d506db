import type { Key, State } from '@heddle/core'
import { type Kept, keep, release } from './kept-element.ts'
import { type OperatorContext, type OperatorFactory, roleOf } from './operator.ts'

/**
 * The last element of each key, when none has come for it in `quietMs`.
 *
 * ```
 * state: <key as JSON>  →  the last element
 * timer: <key as JSON>  →  when it is told
 * ```
 */
export const debounceOperator: OperatorFactory = (component, code) => {
  const by = roleOf<(value: unknown) => Key>(component, code, 'by')
  const quietMs = component.config['quietMs'] as number
  let context: OperatorContext
  let state: State
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple) {
      const keyText = JSON.stringify(by(tuple.values['value']))
      state.put(keyText, keep(tuple, component.id))
      context.timers.set(keyText, context.clock.now() + quietMs, 'processing')
    },
    timer({ key }, out) {
      const kept = state.get<Kept>(key)
      if (!kept) return
      state.delete(key)
      release(kept, out)
    },
  }
}
