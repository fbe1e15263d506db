/**
 * The Schedules port: events that are sent later, once or again and again. The gateway's doors ask it; `@heddle/delivery` implements
 * it on any log.
 *
 * @module
 */
import type { LogRecord, RecordInput } from './log.ts'

/**
 * When an event is sent. It says one of `at`, `afterMs`, `cron` and `everyMs`, or
 *
 * - `at` or `afterMs` with `everyMs`: at first then, and every so often after that;
 * - `cron` with `everyMs` and `times`: at each of its times a run of so many begins, the first of them `afterMs` later (or else
 *   `everyMs` later), as ActiveMQ has it.
 */
export interface ScheduleTiming {
  /** Milliseconds since 1970. What has passed is sent at once. */
  readonly at?: number
  /** Milliseconds from when it was accepted. */
  readonly afterMs?: number
  /** Five fields (minute, hour, day of the month, month, day of the week), or six with seconds before them. */
  readonly cron?: string
  /** That `cron` is meant in, such as `Europe/Berlin`. Default UTC. */
  readonly timeZone?: string
  /** Again this many milliseconds after it was due before. */
  readonly everyMs?: number
  /** How often in all; with a run at each time of `cron`, how often in each. Default without end. */
  readonly times?: number
}

/** An event to be sent later. */
export interface NewSchedule {
  readonly topic: string
  readonly record: RecordInput
  readonly timing: ScheduleTiming
  /**
   * 1 to 200 letters, digits and `.` `_` `:` `-`, and not `count`. One that is there takes the place of the schedule that has it. Default: one
   * that is given.
   */
  readonly id?: string
  /** The event expires this many milliseconds after it was sent, each time. Default: when it says itself. */
  readonly expiresAfterMs?: number
}

/** What a door appends itself, for a schedule to be accepted: in a transaction with others, say. */
export interface PreparedSchedule {
  readonly id: string
  /** When it is sent at first, in milliseconds since 1970. */
  readonly at: number
  readonly topic: string
  readonly record: RecordInput
}

/** A schedule that was accepted. */
export interface Scheduled {
  readonly id: string
  /** When it is sent at first, in milliseconds since 1970. */
  readonly at: number
  /** It was accepted before, and is not changed by this. */
  readonly duplicate?: true
}

/** A schedule that waits. */
export interface Schedule {
  readonly id: string
  /** Where it is sent to. */
  readonly topic: string
  /** When it is sent next, in milliseconds since 1970. */
  readonly at: number
  readonly createdAt: number
  readonly timing: ScheduleTiming
  /** How often it was sent. */
  readonly sent: number
  readonly event: { readonly id: string; readonly source: string; readonly type: string }
  /** Of the event. */
  readonly bytes: number
}

/** With the event, as it will be sent. */
export interface ScheduleDetails extends Schedule {
  readonly record: Pick<LogRecord, 'key' | 'value' | 'headers'>
}

export interface ScheduleQuery {
  /** Only those that are sent there. */
  readonly topic?: string
  /** `next` of the page before. */
  readonly after?: string
  /** Most of one page. Default 100, at most 1,000. */
  readonly limit?: number
}

export interface SchedulePage {
  readonly schedules: readonly Schedule[]
  /** `after` of the next page; missing when all were looked at. A page may be empty, and not the last. */
  readonly next?: string
}

/**
 * Schedules of a log. All that asks about those that are there is answered by the process that keeps them, and throws
 * HEDDLE_SCHEDULE_UNANSWERED when that does not answer.
 */
export interface Schedules {
  /**
   * Accepts schedules, all or none; durable when it resolves.
   *
   * @param options.once An event that was accepted before, with the same timing, is a duplicate.
   * @throws HEDDLE_SCHEDULE_INVALID, HEDDLE_LOG_UNKNOWN_TOPIC, HEDDLE_LOG_RECORD_TOO_LARGE
   */
  add(schedules: readonly NewSchedule[], options?: { readonly once?: boolean }): Promise<readonly Scheduled[]>
  /** What `add` would append, for who does it. @throws as `add` does. */
  prepare(schedule: NewSchedule): Promise<PreparedSchedule>
  /** One page, those that are sent first before the others. */
  list(query?: ScheduleQuery): Promise<SchedulePage>
  /** How many wait. */
  count(): Promise<number>
  /** @throws HEDDLE_SCHEDULE_UNKNOWN */
  show(id: string): Promise<ScheduleDetails>
  /**
   * When it resolves the event is not sent any more, nor what is left of a run that it began.
   * @throws HEDDLE_SCHEDULE_UNKNOWN when there is none: it was sent for the last time, or cancelled.
   */
  cancel(id: string): Promise<Schedule>
  /**
   * Sends it at another time; what repeats goes on from there.
   * @throws HEDDLE_SCHEDULE_UNKNOWN, HEDDLE_SCHEDULE_INVALID
   */
  move(id: string, to: Pick<ScheduleTiming, 'at' | 'afterMs'>): Promise<Schedule>
  /** Sends no more, and lets go of what it keeps: another process goes on. */
  close(): Promise<void>
}
