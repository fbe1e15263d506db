import { type Duration, milliseconds } from '../units.ts'

/** Windows of event time; times in milliseconds. */
export interface TumblingWindow {
  readonly kind: 'tumbling'
  readonly sizeMs: number
  readonly graceMs: number
  readonly emit: 'final' | 'updates'
}

export interface WindowOptions {
  /** How long after its end a window still takes late events. Default 0. */
  readonly grace?: Duration
  /** `final`: one result when the window is over; `updates`: a result at each change. Default `final`. */
  readonly emit?: 'final' | 'updates'
}

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
export function tumbling(size: Duration, options: WindowOptions = {}): TumblingWindow {
  const { grace = 0, emit = 'final' } = options
  return { kind: 'tumbling', sizeMs: milliseconds(size), graceMs: milliseconds(grace), emit }
}
