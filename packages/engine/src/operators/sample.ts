import type { Key, State } from '@heddle/core'
import type { OperatorContext, OperatorFactory } from './operator.ts'

interface Config {
  readonly every?: number
  readonly share?: number
  readonly perMs?: number
}

/**
 * Some of the elements: every so manyth, a share of the keys, or the first in each time.
 *
 * ```
 * state: 'count'              →  how many have come since the last one that was taken
 *        'k/' <key as JSON>   →  1: one was taken for it in this time
 * timer: <key as JSON>        →  when its time is over
 * ```
 */
export const sampleOperator: OperatorFactory = (component, code) => {
  const { every, share, perMs } = component.config as unknown as Config
  const by = code['by'] as ((value: unknown) => Key) | undefined
  let context: OperatorContext
  let state: State

  const taken = (value: unknown): boolean => {
    if (every !== undefined) {
      const count = (state.get<number>('count') ?? 0) + 1
      state.put('count', count === every ? 0 : count)
      return count === every
    }
    const keyText = JSON.stringify(by ? by(value) : null)
    if (share !== undefined) return fraction(keyText) < share
    if (state.get(`k/${keyText}`) !== undefined) return false
    state.put(`k/${keyText}`, 1)
    context.timers.set(keyText, context.clock.now() + perMs!, 'processing')
    return true
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute({ values: { value } }, out) {
      if (taken(value)) out.emit({ value })
      else out.count('dropped')
    },
    ...(perMs !== undefined && {
      timer({ key }) {
        state.delete(`k/${key}`)
      },
    }),
  }
}

/** A number from 0 up to 1 that is the same for the same text (FNV-1a). */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) / 2 ** 32
}
