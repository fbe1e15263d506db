import type { Key, State } from '@heddle/core'
import { aggregationOf } from './aggregation.ts'
import { lateOutput } from './late.ts'
import type { OperatorContext, OperatorFactory, OperatorOutput } from './operator.ts'

interface Config {
  readonly gapMs: number
  readonly graceMs: number
  readonly emit: 'final' | 'updates' | 'early'
  readonly earlyMs: number
  readonly time: 'event' | 'processing'
}

/** `first` and `last` are the times of the elements at its ends. */
interface Session {
  readonly first: number
  readonly last: number
  readonly value: unknown
  /** It has changed since the last early result. */
  readonly changed?: true
}

/**
 * Windows of activity. An element that falls between two sessions of its key makes them one.
 *
 * ```
 * state: <key as JSON>  →  its sessions that are not over, by time
 * timer: <key as JSON>  →  when the first of them is over
 * ```
 */
export const sessionWindow: OperatorFactory = (component, code, topology) => {
  const { gapMs, graceMs, emit, earlyMs, time } = component.config as unknown as Config
  const { init, add, merge, result } = aggregationOf(component, code)
  const late = lateOutput(component)
  const byClock = time === 'processing'
  let context: OperatorContext
  let state: State

  const over = ({ last }: Session): number => last + gapMs + graceMs
  const emitResult = (
    keyText: string,
    { first, last, value }: Session,
    out: OperatorOutput,
    what: string,
  ): void => {
    const key = JSON.parse(keyText) as Key
    const origin = `${topology}:${component.id}:${keyText}:${first}${what}`
    const window = { start: first, end: last + gapMs }
    out.emit({ key, value: { key, window, value: result(value) } }, { time: last, origin })
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const keyText = JSON.stringify(tuple.values['key'])
      const now = byClock ? context.clock.now() : tuple.time
      const passed = byClock ? now : context.watermark()
      const sessions = state.get<readonly Session[]>(keyText) ?? []
      const near = sessions.filter(({ first, last }) => now >= first - gapMs && now <= last + gapMs)
      if (near.length === 0 && now + gapMs + graceMs <= passed) return late(tuple, out)
      const joined = near.length === 0 ? init() : near.map(({ value }) => value).reduce((a, b) => merge(a, b))
      const grown: Session = {
        first: Math.min(now, ...near.map(({ first }) => first)),
        last: Math.max(now, ...near.map(({ last }) => last)),
        value: add(joined, tuple.values['value']),
        ...(emit === 'early' && { changed: true }),
      }
      const all = [...sessions.filter((each) => !near.includes(each)), grown].sort(
        (a, b) => a.first - b.first,
      )
      state.put(keyText, all)
      context.timers.set(keyText, over(all[0]!), time)
      if (emit === 'updates') emitResult(keyText, grown, out, `:${tuple.derivedId(component.id)}`)
      if (emit === 'early' && context.timers.get(`early/${keyText}`, 'processing') === undefined)
        context.timers.set(`early/${keyText}`, context.clock.now() + earlyMs, 'processing')
    },
    timer({ key, time: due }, out) {
      if (key.startsWith('early/')) {
        const keyText = key.slice('early/'.length)
        const sessions = state.get<readonly Session[]>(keyText) ?? []
        for (const each of sessions) if (each.changed) emitResult(keyText, each, out, `:early:${due}`)
        state.put(
          keyText,
          sessions.length === 0
            ? undefined
            : sessions.map(({ first, last, value }) => ({ first, last, value })),
        )
        return
      }
      const sessions = state.get<readonly Session[]>(key) ?? []
      const left = sessions.filter((each) => over(each) > due)
      if (emit !== 'updates')
        for (const each of sessions) if (over(each) <= due) emitResult(key, each, out, '')
      state.put(key, left.length === 0 ? undefined : left)
      if (left.length > 0) context.timers.set(key, over(left[0]!), time)
    },
  }
}
