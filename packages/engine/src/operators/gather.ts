import type { Key, State } from '@heddle/core'
import { type Kept, keep, valueOf } from './kept-element.ts'
import { type OperatorContext, type OperatorFactory, type OperatorOutput, roleOf } from './operator.ts'

/**
 * Waits until all elements that belong together are there.
 *
 * ```
 * state: <key as JSON>  →  the elements that are there
 * timer: <key as JSON>  →  when time is up
 * ```
 */
export const gatherOperator: OperatorFactory = (component, code) => {
  const by = roleOf<(value: unknown) => Key>(component, code, 'by')
  const { count, timeoutMs, limit } = component.config as unknown as {
    count: number
    timeoutMs: number
    limit: number
  }
  const until = code['until'] as ((elements: readonly unknown[]) => boolean) | undefined
  let context: OperatorContext
  let state: State

  const emit = (keyText: string, kept: readonly Kept[], complete: boolean, out: OperatorOutput): void => {
    const key = JSON.parse(keyText) as Key
    const time = Math.max(...kept.map((each) => each.time))
    out.emit({ value: { key, elements: kept.map(valueOf), complete } }, { origin: kept[0]!.origin, time })
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const keyText = JSON.stringify(by(tuple.values['value']))
      const before = state.get<readonly Kept[]>(keyText) ?? []
      const kept = [...before, keep(tuple, component.id)]
      if (kept.length > limit)
        throw new RangeError(
          `group ${keyText} of '${component.id}' has more than ${limit} elements: raise the limit`,
        )
      if (until ? until(kept.map(valueOf)) : kept.length >= count) {
        state.delete(keyText)
        context.timers.delete(keyText, 'processing')
        return emit(keyText, kept, true, out)
      }
      state.put(keyText, kept)
      if (before.length === 0 && timeoutMs > 0)
        context.timers.set(keyText, context.clock.now() + timeoutMs, 'processing')
      return undefined
    },
    ...(timeoutMs > 0 && {
      timer({ key: keyText }, out) {
        const kept = state.get<readonly Kept[]>(keyText)
        if (!kept) return
        state.delete(keyText)
        emit(keyText, kept, false, out)
      },
    }),
  }
}
