import type { Key, State, Windowed } from '@heddle/core'
import { aggregationOf } from './aggregation.ts'
import { lateOutput } from './late.ts'
import type { OperatorContext, OperatorFactory, OperatorOutput } from './operator.ts'
import { behindTime, timeAt, timeText } from './time-key.ts'

interface Config {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  readonly emit: 'final' | 'updates' | 'early'
  readonly earlyMs: number
  readonly time: 'event' | 'processing'
}

/** Where windows whose early result is due are noted. */
const changed = 'changed/'

/**
 * Windows of a fixed size that begin every `advanceMs`; as long as they are, they are tumbling ones.
 *
 * ```
 * state: <end of window> '/' <key as JSON>              →  the aggregate
 *        'changed/' <end of window> '/' <key as JSON>   →  1: it has changed since the last early result
 * ```
 *
 * The tasks of a component share its state, so that the first task closes the windows of all: in order of their ends.
 */
export const hoppingWindow: OperatorFactory = (component, code, topology) => {
  const { sizeMs, advanceMs, graceMs, emit, earlyMs, time } = component.config as unknown as Config
  const { init, add, result } = aggregationOf(component, code)
  const late = lateOutput(component)
  const byClock = time === 'processing'
  let context: OperatorContext
  let state: State
  /** Number of the last window that was closed. */
  let closed = -Infinity

  const windowed = (key: Key, end: number, value: unknown): Windowed<Key, unknown> => ({
    key,
    window: { start: end - sizeMs, end },
    value: result(value),
  })
  const emitResult = (place: string, value: unknown, out: OperatorOutput, what: string): void => {
    const end = timeAt(place, 0)
    const keyText = behindTime(place, 0)
    const key = JSON.parse(keyText) as Key
    const origin = `${topology}:${component.id}:${keyText}:${end - sizeMs}${what}`
    // The last moment of the window: a window after this one puts it where it belongs.
    out.emit({ key, value: windowed(key, end, value) }, { time: end - 1, origin })
  }
  const close = (now: number, out: OperatorOutput): void => {
    for (const [place, value] of state.entries()) {
      if (place.startsWith(changed)) break
      const end = timeAt(place, 0)
      if (end + graceMs > now) break
      if (emit !== 'updates') emitResult(place, value, out, '')
      state.delete(place)
      if (emit === 'early') state.delete(changed + place)
    }
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const key = tuple.values['key'] as Key
      const keyText = JSON.stringify(key)
      const now = byClock ? context.clock.now() : tuple.time
      const passed = byClock ? now : context.watermark()
      let taken = false
      // From the oldest window that has it to the newest.
      let start = (Math.floor((now - sizeMs) / advanceMs) + 1) * advanceMs
      for (; start <= now; start += advanceMs) {
        const end = start + sizeMs
        if (end + graceMs <= passed) continue
        taken = true
        const place = `${timeText(end)}/${keyText}`
        const value = add(state.get(place) ?? init(), tuple.values['value'])
        state.put(place, value)
        if (emit === 'updates') out.emit({ key, value: windowed(key, end, value) })
        if (emit === 'early') {
          state.put(changed + place, 1)
          if (context.timers.get('early', 'processing') === undefined)
            context.timers.set('early', context.clock.now() + earlyMs, 'processing')
        }
        if (byClock) context.timers.set(`close/${end}`, end + graceMs, 'processing')
      }
      if (!taken) late(tuple, out)
    },
    ...(byClock
      ? {}
      : {
          wakeAt() {
            for (const [place] of state.entries())
              return place.startsWith(changed) ? Infinity : timeAt(place, 0) + graceMs
            return Infinity
          },
          watermark(now: number, out: OperatorOutput) {
            const closing = Math.floor((now - graceMs - sizeMs) / advanceMs)
            if (!context.leads || closing === closed) return
            closed = closing
            close(now, out)
          },
        }),
    ...((byClock || emit === 'early') && {
      timer({ key: what, time: due }, out) {
        if (what !== 'early') return close(due, out)
        for (const [place] of state.entries(changed)) {
          const window = place.slice(changed.length)
          emitResult(window, state.get(window), out, `:early:${due}`)
          state.delete(place)
        }
      },
    }),
  }
}
