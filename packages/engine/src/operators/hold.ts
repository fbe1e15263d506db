import type { Key, State } from '@heddle/core'
import { type Kept, keep, release, valueOf } from './kept-element.ts'
import { type OperatorContext, type OperatorFactory, type OperatorOutput, roleOf } from './operator.ts'
import { timeAt, timeText } from './time-key.ts'

/**
 * Holds each element for a time.
 *
 * ```
 * state: 'e/' <id>   →  the element
 *        'waiting'   →  how many there are
 * timer: <id>        →  when it goes on
 * ```
 */
export const delayOperator: OperatorFactory = (component, code) => {
  const { delayMs, limit } = component.config as unknown as { delayMs: number; limit: number }
  const timeOf = code['time'] as ((value: unknown) => number) | undefined
  let context: OperatorContext
  let state: State
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple) {
      const waiting = state.get<number>('waiting') ?? 0
      if (waiting >= limit) throw full(component.id, limit)
      const kept = keep(tuple, component.id)
      const ms = timeOf ? timeOf(tuple.values['value']) : delayMs
      context.timers.set(kept.origin, context.clock.now() + ms, 'processing')
      state.put(`e/${kept.origin}`, kept)
      state.put('waiting', waiting + 1)
    },
    timer({ key }, out) {
      const kept = state.get<Kept>(`e/${key}`)
      if (!kept) return
      state.delete(`e/${key}`)
      state.put('waiting', (state.get<number>('waiting') ?? 1) - 1)
      release(kept, out)
    },
  }
}

interface Pace {
  /** Clock time from which on the next element may go. */
  readonly next: number
  /** Numbers of the first element that waits, and of the next one to come. */
  readonly first: number
  readonly end: number
}

/**
 * One element of a key each `everyMs`; the others wait in order.
 *
 * ```
 * state: 'p/' <key as JSON>                  →  its pace
 *        'q/' <key as JSON> '/' <number>     →  an element that waits
 * timer: <key as JSON>                       →  when the next may go, or the key is at rest
 * ```
 */
export const throttleOperator: OperatorFactory = (component, code) => {
  const { everyMs, drop, limit } = component.config as unknown as {
    everyMs: number
    drop: boolean
    limit: number
  }
  const by = code['by'] as ((value: unknown) => Key) | undefined
  let context: OperatorContext
  let state: State
  const place = (keyText: string, number: number): string => `q/${keyText}/${timeText(number)}`
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const keyText = JSON.stringify(by ? by(tuple.values['value']) : null)
      const now = context.clock.now()
      const { next, first, end } = state.get<Pace>(`p/${keyText}`) ?? { next: now, first: 0, end: 0 }
      if (first === end && next <= now) {
        state.put<Pace>(`p/${keyText}`, { next: now + everyMs, first, end })
        context.timers.set(keyText, now + everyMs, 'processing')
        return out.emit({ value: tuple.values['value'] })
      }
      if (drop) return out.count('dropped')
      if (end - first >= limit) throw full(component.id, limit)
      state.put(place(keyText, end), keep(tuple, component.id))
      state.put<Pace>(`p/${keyText}`, { next, first, end: end + 1 })
      return undefined
    },
    timer({ key: keyText }, out) {
      const pace = state.get<Pace>(`p/${keyText}`)
      if (!pace) return
      const now = context.clock.now()
      let { next, first } = pace
      // After a pause, what was due meanwhile.
      for (; first < pace.end && next <= now; first++, next += everyMs) {
        release(state.get<Kept>(place(keyText, first))!, out)
        state.delete(place(keyText, first))
      }
      if (first === pace.end && next <= now) return state.delete(`p/${keyText}`)
      state.put<Pace>(`p/${keyText}`, { next, first, end: pace.end })
      context.timers.set(keyText, next, 'processing')
    },
  }
}

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

/**
 * Elements together, as an array.
 *
 * ```
 * state: 'e/' <number>  →  an element that waits
 *        'range'        →  numbers of the first one, and of the next one to come
 * timer: 'batch'        →  when those that are there go on
 * ```
 */
export const batchOperator: OperatorFactory = (component) => {
  const { count, withinMs } = component.config as unknown as { count: number; withinMs: number }
  let context: OperatorContext
  let state: State
  const place = (number: number): string => `e/${timeText(number)}`
  const emit = (from: number, to: number, out: OperatorOutput): void => {
    const kept = Array.from({ length: to - from }, (_, at) => state.get<Kept>(place(from + at))!)
    for (let number = from; number < to; number++) state.delete(place(number))
    state.put('range', [to, to])
    const time = Math.max(...kept.map((each) => each.time))
    out.emit({ value: kept.map(valueOf) }, { origin: kept[0]!.origin, time })
  }
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const [from, to] = state.get<[number, number]>('range') ?? [0, 0]
      state.put(place(to), keep(tuple, component.id))
      if (to + 1 - from === count) {
        context.timers.delete('batch', 'processing')
        return emit(from, to + 1, out)
      }
      state.put('range', [from, to + 1])
      if (from === to) context.timers.set('batch', context.clock.now() + withinMs, 'processing')
      return undefined
    },
    timer(_, out) {
      const [from, to] = state.get<[number, number]>('range')!
      if (from < to) emit(from, to, out)
    },
  }
}

interface Row {
  /** The number that is to come out next. */
  readonly next: number
  /** How many wait. */
  readonly waiting: number
}

/**
 * Elements in the order of their numbers.
 *
 * ```
 * state: 'n/' <key as JSON>                →  the next number, and how many wait
 *        'e/' <key as JSON> '/' <number>   →  an element that waits for those before it
 * timer: <key as JSON>                     →  when those that are missing are given up
 * ```
 */
export const resequenceOperator: OperatorFactory = (component, code) => {
  const by = roleOf<(value: unknown) => Key>(component, code, 'by')
  const sequence = roleOf<(value: unknown) => number>(component, code, 'sequence')
  const { first, timeoutMs, limit } = component.config as unknown as {
    first: number
    timeoutMs: number
    limit: number
  }
  let context: OperatorContext
  let state: State
  const place = (keyText: string, number: number): string => `e/${keyText}/${timeText(number)}`

  /** Emits all that follow each other from `next` on. */
  const go = (keyText: string, { next, waiting }: Row, out: OperatorOutput): void => {
    for (;;) {
      const kept = state.get<Kept>(place(keyText, next))
      if (!kept) break
      release(kept, out)
      state.delete(place(keyText, next))
      next++
      waiting--
    }
    state.put<Row>(`n/${keyText}`, { next, waiting })
    if (timeoutMs === 0) return
    if (waiting === 0) context.timers.delete(keyText, 'processing')
    else context.timers.set(keyText, context.clock.now() + timeoutMs, 'processing')
  }

  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const { value } = tuple.values
      const number = sequence(value)
      if (!Number.isSafeInteger(number))
        throw new TypeError(
          `the number of an element of '${component.id}' must be a whole one, and is ${number}`,
        )
      const keyText = JSON.stringify(by(value))
      const { next, waiting } = state.get<Row>(`n/${keyText}`) ?? { next: first, waiting: 0 }
      if (number < next || state.get(place(keyText, number)) !== undefined) return out.count('dropped')
      if (number === next) {
        out.emit({ value })
        return go(keyText, { next: next + 1, waiting }, out)
      }
      if (waiting >= limit) throw full(component.id, limit)
      state.put(place(keyText, number), keep(tuple, component.id))
      state.put<Row>(`n/${keyText}`, { next, waiting: waiting + 1 })
      if (waiting === 0 && timeoutMs > 0)
        context.timers.set(keyText, context.clock.now() + timeoutMs, 'processing')
      return undefined
    },
    ...(timeoutMs > 0 && {
      timer({ key: keyText }, out) {
        const row = state.get<Row>(`n/${keyText}`)
        if (!row) return
        const prefix = `e/${keyText}/`
        for (const [found] of state.entries(prefix))
          return go(keyText, { ...row, next: timeAt(found, prefix.length) }, out)
      },
    }),
  }
}

const full = (component: string, limit: number): RangeError =>
  new RangeError(`${limit} elements wait in '${component}': raise its limit, or send it less`)
