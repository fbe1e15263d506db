import type { Clock, Log } from '@heddle/core'

/** Limits and times of the schedules of one process. Sizes in bytes, times in milliseconds. */
export interface ScheduleSettings {
  /** Partitions of the topic of schedules, when it is made: as many processes can share them. 4. */
  readonly partitions: number
  /** Largest event that can be scheduled, with its attributes. 1,000,000: what a store on Kafka takes by default. */
  readonly maxBytes: number
  /** Most events that are sent, and requests that are taken in, in one transaction. 1,000: about a megabyte. */
  readonly batch: number
  /** About how many bytes one transaction sends or takes in. 1 MiB. */
  readonly batchBytes: number
  /**
   * How long what is asked for is gathered after some was taken in, so that there are fewer and larger transactions under load.
   * 25 ms: a quarter of how late an event may be.
   */
  readonly gatherMs: number
  /** Longest sleep until something is due, so that a clock that was put forward is noticed. 30 s. */
  readonly maxSleepMs: number
  /** How long after a failure of the log something is tried again. 1 s. */
  readonly retryMs: number
  /** How often a process that keeps none looks whether others began to have schedules. 5 s. */
  readonly lookMs: number
  /** How long a question waits for its answer: longer than it takes to notice that a process is gone. 30 s. */
  readonly answerMs: number
  /** How often what was taken in is deleted from the topic of schedules, where no repeat of it is to be expected. 60 s. */
  readonly cleanMs: number
  /** How long the settings of a topic that is scheduled for are believed. 5 s. */
  readonly topicMs: number
}

export const defaultScheduleSettings: ScheduleSettings = {
  partitions: 4,
  maxBytes: 1_000_000,
  batch: 1_000,
  batchBytes: 1024 ** 2,
  gatherMs: 25,
  maxSleepMs: 30_000,
  retryMs: 1_000,
  lookMs: 5_000,
  answerMs: 30_000,
  cleanMs: 60_000,
  topicMs: 5_000,
}

export interface SchedulesOptions extends Partial<ScheduleSettings> {
  /** It is not closed by this. */
  readonly log: Log
  readonly clock?: Clock
}

/** Settings with the log and the clock, as all parts share them. */
export interface ScheduleContext extends ScheduleSettings {
  readonly log: Log
  readonly clock: Clock
}
