import { channel } from 'node:diagnostics_channel'

/** The log of a gateway is away, or back. */
export interface LogStateMessage {
  readonly state: 'away' | 'back'
  /** Why, while it is away. */
  readonly reason?: string
}

/** What the buffer of a gateway does with a topic. */
export interface BufferMessage {
  readonly topic: string
  /** Its events go into the buffer from now on; emptying it failed and is tried again; it is empty, and events go to the log. */
  readonly state: 'buffering' | 'failed' | 'empty'
  /** Events that wait, or, when it is empty, that were brought to the log. */
  readonly events: number
  readonly error?: unknown
}

export const logStateChannel = channel('heddle:host:log')
export const bufferChannel = channel('heddle:host:buffer')
