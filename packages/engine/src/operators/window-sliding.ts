import type { Key, State } from '@heddle/core'
import { aggregationOf } from './aggregation.ts'
import { lateOutput } from './late.ts'
import type { OperatorContext, OperatorFactory } from './operator.ts'
import { timeAt, timeText } from './time-key.ts'

/**
 * For each element, the aggregate of its key's elements in (time - size, time], when event time has passed it.
 *
 * ```
 * state: <key as JSON> '/' <time> '/' <id>  →  the element
 * timer: <key as JSON>                      →  the time of the first element that had no result yet
 *        'sweep/' <key as JSON>             →  when the first element is in no window any more
 * ```
 */
export const slidingWindow: OperatorFactory = (component, code, topology) => {
  const { sizeMs, graceMs } = component.config as unknown as { sizeMs: number; graceMs: number }
  const { init, add, result } = aggregationOf(component, code)
  const late = lateOutput(component)
  let context: OperatorContext
  let state: State
  const earlier = (name: string, time: number): void => {
    const set = context.timers.get(name)
    if (set === undefined || time < set) context.timers.set(name, time)
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { time } = tuple
      const keyText = JSON.stringify(tuple.values['key'])
      if (time + graceMs < context.watermark()) return late(tuple, out)
      state.put(`${keyText}/${timeText(time)}/${tuple.derivedId(component.id)}`, tuple.values['value'])
      earlier(keyText, time + graceMs)
      earlier(`sweep/${keyText}`, time + sizeMs + graceMs)
    },
    timer({ key: name, time: due }, out) {
      const sweeping = name.startsWith('sweep/')
      const keyText = sweeping ? name.slice('sweep/'.length) : name
      const prefix = `${keyText}/`
      const elements = [...state.entries(prefix)].map(([place, value]) => ({
        place,
        value,
        time: timeAt(place, prefix.length),
      }))
      if (sweeping) {
        for (const { place, time } of elements) {
          if (time + sizeMs + graceMs <= due) state.delete(place)
          else return context.timers.set(name, time + sizeMs + graceMs)
        }
        return
      }
      const key = JSON.parse(keyText) as Key
      for (const { time, place } of elements) {
        if (time + graceMs < due) continue
        if (time + graceMs > due) return context.timers.set(name, time + graceMs)
        let value = init()
        for (const other of elements)
          if (
            other.time > time - sizeMs &&
            (other.time < time || (other.time === time && other.place <= place))
          )
            value = add(value, other.value)
        const window = { start: time - sizeMs + 1, end: time + 1 }
        const origin = `${topology}:${component.id}:${place}`
        out.emit({ key, value: { key, window, value: result(value) } }, { time, origin })
      }
    },
  }
}
