/**
 * Events that are sent later. They are made by publishing: an event with `deliverat`, `deliverafter`, `deliverevery` or
 * `delivercron` is answered with its schedule.
 *
 * @module
 */
import { type Question, ask, askAgain } from './ask.ts'
import { type Event, eventOf } from './event.ts'
import type { Settings } from './options.ts'
import { backoffOf } from './retry.ts'

/** A schedule that waits. Durations are in milliseconds. */
export interface Schedule {
  readonly id: string
  /** Where its event is sent to. */
  readonly topic: string
  /** When it is sent next, RFC 3339. */
  readonly deliverat: string
  /** When it was accepted, in milliseconds since 1970. */
  readonly createdAt: number
  /** How often it was sent. */
  readonly sent: number
  readonly deliverafter?: number
  readonly deliverevery?: number
  readonly delivertimes?: number
  readonly delivercron?: string
  readonly deliverzone?: string
  readonly event: { readonly id: string; readonly source: string; readonly type: string }
}

export interface ScheduleDetails<T = unknown> extends Omit<Schedule, 'event'> {
  readonly event: Event<T>
}

/** All methods throw ClientError: HEDDLE_SCHEDULE_UNKNOWN for what was sent for the last time, or cancelled. */
export interface Schedules {
  /** Those that wait, the ones that are due first before the others; asked for a page at a time. */
  list(options?: { readonly topic?: string }): AsyncIterableIterator<Schedule>
  count(): Promise<number>
  show<T = unknown>(id: string): Promise<ScheduleDetails<T>>
  /** When it resolves the event is not sent any more. */
  cancel(id: string): Promise<Schedule>
  /** Sends it at another time, a Date or milliseconds from now; what repeats goes on from there. */
  move(id: string, to: Date | { readonly afterMs: number }): Promise<Schedule>
}

export function schedules(settings: Settings): Schedules {
  const again = <T>(question: Question): Promise<T> =>
    askAgain<T>(settings, question, backoffOf(settings.retry, 10))
  const pathOf = (id: string): string => `/schedules/${encodeURIComponent(id)}`
  return {
    async *list({ topic } = {}) {
      for (let after: string | undefined; ;) {
        const query = new URLSearchParams({
          ...(topic !== undefined && { topic }),
          ...(after !== undefined && { after }),
        })
        const page = await again<{ schedules: readonly Schedule[]; next?: string }>({
          method: 'GET',
          path: `/schedules?${query}`,
        })
        yield* page.schedules
        if (page.next === undefined) return
        after = page.next
      }
    },
    async count() {
      return (await again<{ count: number }>({ method: 'GET', path: '/schedules/count' })).count
    },
    async show<T>(id: string) {
      const { event, ...schedule } = await again<Schedule>({ method: 'GET', path: pathOf(id) })
      return { ...schedule, event: eventOf<T>(event) }
    },
    // Once: the second time there would be none.
    cancel: (id) => ask(settings, { method: 'DELETE', path: pathOf(id) }),
    move: (id, to) =>
      again({
        method: 'PATCH',
        path: pathOf(id),
        body: JSON.stringify(
          to instanceof Date ? { deliverat: to.toISOString() } : { deliverafter: to.afterMs },
        ),
      }),
  }
}
