import type { SignalLike } from '@heddle/core'
import type { Message } from '../message/message.ts'

/** A message that was given out by a source. */
export interface Given {
  readonly message: Message
  /** What it is settled by; `undefined` where nothing is kept of who has it. */
  readonly lease: string | undefined
  /** It says that nothing more comes: there is nothing to acknowledge. */
  readonly last?: true
}

/** Where the messages of a subscription come from. */
export interface Source {
  /** At most `max` messages; none when the wait was ended, or there was nothing for a while. */
  next(max: number, signal: SignalLike): Promise<readonly Given[]>
  /**
   * Durable when it resolves: `ack`, it is done; `refuse`, it goes to the dead letters. With `soon` it resolves at once, and is
   * durable a moment later, or when the source is closed and the client took its leave.
   * @returns the leases that it does not hold any more.
   */
  settle(leases: readonly string[], as: 'ack' | 'refuse', soon: boolean): Promise<readonly string[]>
  /** Gives back what was not settled. `clean`: the client took its leave. */
  close(clean: boolean): Promise<void>
}
