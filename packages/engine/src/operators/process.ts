import type { Key, ProcessContext, State, TimerKind } from '@heddle/core'
import { type OperatorContext, type OperatorFactory, type OperatorOutput, roleOf } from './operator.ts'

type Code = (...args: readonly unknown[]) => void

/**
 * The user's code, with state and a timer for each key.
 *
 * ```
 * state: <key as JSON>           →  what the code put
 * timer: <key as JSON>           →  the code's own
 *        'ttl/' <key as JSON>    →  when the state is forgotten, by event time
 * ```
 */
export const processOperator: OperatorFactory = (component, code) => {
  const element = roleOf<Code>(component, code, 'element')
  const onTimer = code['timer'] as Code | undefined
  const { ttlMs, timers: kind } = component.config as unknown as { ttlMs: number; timers: TimerKind }
  let context: OperatorContext
  let state: State

  const contextFor = (
    keyText: string,
    time: number,
    out: OperatorOutput,
  ): ProcessContext<Key, unknown, unknown> => {
    const key = JSON.parse(keyText) as Key
    return {
      key,
      time,
      get state() {
        return state.get(keyText)
      },
      set state(value) {
        state.put(keyText, value)
      },
      emit: (value) => out.emit({ key, value }),
      setTimer: (due) => context.timers.set(keyText, due, kind),
      clearTimer: () => context.timers.delete(keyText, kind),
    }
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const keyText = JSON.stringify(tuple.values['key'])
      element(tuple.values['value'], contextFor(keyText, tuple.time, out))
      if (ttlMs > 0) context.timers.set(`ttl/${keyText}`, Math.max(tuple.time, context.watermark()) + ttlMs)
    },
    timer({ key, time }, out) {
      if (key.startsWith('ttl/')) return state.delete(key.slice('ttl/'.length))
      onTimer?.(contextFor(key, time, out))
    },
  }
}

/**
 * A value for each key that every element changes.
 *
 * ```
 * state: <key as JSON>         →  the value
 * timer: 'ttl/' <key as JSON>  →  when it is forgotten, by event time
 * ```
 */
export const foldOperator: OperatorFactory = (component, code) => {
  const init = roleOf<() => unknown>(component, code, 'init')
  const add = roleOf<(value: unknown, element: unknown) => unknown>(component, code, 'add')
  const ttlMs = component.config['ttlMs'] as number
  let context: OperatorContext
  let state: State
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { key } = tuple.values
      const keyText = JSON.stringify(key)
      const value = add(state.get(keyText) ?? init(), tuple.values['value'])
      state.put(keyText, value)
      if (ttlMs > 0) context.timers.set(`ttl/${keyText}`, Math.max(tuple.time, context.watermark()) + ttlMs)
      out.emit({ key, value })
    },
    ...(ttlMs > 0 && {
      timer({ key }) {
        state.delete(key.slice('ttl/'.length))
      },
    }),
  }
}
