import { type Duration, milliseconds } from '../units.ts'

/** By which time elements are put into windows: that of the events, or that of the clock when they are processed. */
export type TimeDomain = 'event' | 'processing'

/** When a window gives results: once when it is over, at each change, or now and then and when it is over. */
export type Emission = 'final' | 'updates' | { readonly early: Duration }

export interface WindowOptions {
  /** How long after its end a window still takes late events. Default 0. */
  readonly grace?: Duration
  /**
   * `final`: one result when the window is over; `updates`: a result at each change, and none at the end; `{ early: '10s' }`: a
   * result that often by the clock where something changed, and the last one when the window is over. Default `final`.
   */
  readonly emit?: Emission
  /** Default `event`. By `processing` time nothing is ever late, and the same events give other windows the next time. */
  readonly time?: TimeDomain
}

interface Common {
  readonly graceMs: number
  readonly emit: 'final' | 'updates' | 'early'
  /** Milliseconds between early results. */
  readonly earlyMs: number
  readonly time: TimeDomain
}

/** Windows of a fixed size that begin every `advanceMs`: as many as overlap have an element each. Times in milliseconds. */
export interface HoppingWindow extends Common {
  readonly kind: 'hopping'
  readonly sizeMs: number
  readonly advanceMs: number
}

/** Windows that last as long as elements of a key follow each other within `gapMs`. */
export interface SessionWindow extends Common {
  readonly kind: 'session'
  readonly gapMs: number
}

/** For each element, all of its key that are not older than `sizeMs` by then. */
export interface SlidingWindow extends Common {
  readonly kind: 'sliding'
  readonly sizeMs: number
}

/** One window for each key that never ends. */
export interface GlobalWindow {
  readonly kind: 'global'
  /** A result after so many elements; 0 for never. */
  readonly everyCount: number
  /** A result that often by the clock, in milliseconds, where something changed; 0 for never. */
  readonly everyMs: number
}

export type Window = HoppingWindow | SessionWindow | SlidingWindow | GlobalWindow

/** A result of a window. `window` is [start, end) in milliseconds since 1970. */
export interface Windowed<K, V> {
  readonly key: K
  readonly window: { readonly start: number; readonly end: number }
  readonly value: V
}

/**
 * Windows of a fixed size, one after the other, aligned to 1970.
 *
 * @example tumbling('1m', { grace: '10s' })
 */
export function tumbling(size: Duration, options: WindowOptions = {}): HoppingWindow {
  return hopping(size, { ...options, advance: size })
}

/**
 * Windows of a fixed size that overlap: one begins every `advance`, aligned to 1970.
 *
 * @throws RangeError when `advance` is longer than the size, so that some elements would be in no window.
 * @example hopping('10m', { advance: '1m' })
 */
export function hopping(
  size: Duration,
  options: WindowOptions & { readonly advance: Duration },
): HoppingWindow {
  const sizeMs = atLeastOne(size, 'size')
  const advanceMs = atLeastOne(options.advance, 'advance')
  if (advanceMs > sizeMs)
    throw new RangeError(
      `advance (${advanceMs} ms) is longer than the window (${sizeMs} ms): elements between would be lost`,
    )
  return { kind: 'hopping', sizeMs, advanceMs, ...common(options) }
}

/**
 * Windows of activity: a session goes on as long as elements of its key follow each other within `gap`.
 *
 * @example session('30m')
 */
export function session(gap: Duration, options: WindowOptions = {}): SessionWindow {
  return { kind: 'session', gapMs: atLeastOne(gap, 'gap'), ...common(options) }
}

/**
 * For each element, the elements of its key in the time of `size` up to and with it: "the last ten minutes, as of now". One
 * result for each element, when event time has passed it.
 *
 * @example sliding('10m')
 */
export function sliding(size: Duration, options: Pick<WindowOptions, 'grace'> = {}): SlidingWindow {
  return { kind: 'sliding', sizeMs: atLeastOne(size, 'size'), ...common(options) }
}

/**
 * One window for each key that never ends, with a result every so many elements, or that often by the clock.
 *
 * @example global({ every: 100 })
 * @example global({ every: '10s' })
 */
export function global({ every }: { readonly every: number | Duration }): GlobalWindow {
  const counted = typeof every === 'number'
  if (counted && !(Number.isInteger(every) && every > 0))
    throw new RangeError(
      `every must be a whole number of elements from 1 on, or a duration such as '10s', and is ${every}`,
    )
  return {
    kind: 'global',
    everyCount: counted ? every : 0,
    everyMs: counted ? 0 : atLeastOne(every, 'every'),
  }
}

function common({ grace = 0, emit = 'final', time = 'event' }: WindowOptions): Common {
  const early = typeof emit === 'object'
  return {
    graceMs: milliseconds(grace),
    emit: early ? 'early' : emit,
    earlyMs: early ? atLeastOne(emit.early, 'early') : 0,
    time,
  }
}

function atLeastOne(duration: Duration, what: string): number {
  const ms = milliseconds(duration)
  if (ms < 1) throw new RangeError(`${what} of a window must be 1 ms or more, and is ${ms} ms`)
  return ms
}
