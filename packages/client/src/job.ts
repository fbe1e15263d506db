import type { Event } from './event.ts'

export interface NackOptions {
  /** Wait before it comes again, in milliseconds. Default: by the retry policy of the subscription. */
  readonly delayMs?: number
  /** Stands in its dead letter. */
  readonly reason?: string
  /** It is a dead letter at once. */
  readonly giveUp?: boolean
}

/**
 * An event that is this consumer's own until it is settled, or its lease is over. What settles it resolves when that is durable, with
 * `false` when the lease was not held any more: it was too late, and the event goes to somebody else, or it was settled before.
 */
export interface Job<T = unknown> {
  readonly event: Event<T>
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** 1 for the first time. */
  readonly attempt: number
  /** It was perhaps given out before. */
  readonly redelivered: boolean
  /** It is done. */
  ack(): Promise<boolean>
  /** It failed: it comes again, or goes to the dead letters. */
  nack(options?: NackOptions): Promise<boolean>
  /** It goes to another at once, and this was no attempt. */
  release(): Promise<boolean>
  /** It is this consumer's own for so many milliseconds from now. */
  extend(ms: number): Promise<boolean>
}

/** An event as a pull gives it. */
export interface Given {
  readonly lease: string
  readonly attempt: number
  readonly redelivered: boolean
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly event: Readonly<Record<string, unknown>>
}
