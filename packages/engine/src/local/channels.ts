/**
 * What the engine publishes on `node:diagnostics_channel`; it neither logs nor counts by itself. A message is only made
 * when somebody listens, and never for a single tuple that went well.
 *
 * | channel | when |
 * | --- | --- |
 * | `heddle:engine:state`       | a topology is in another state |
 * | `heddle:engine:commit`      | offsets, and what belongs to them, were committed |
 * | `heddle:engine:error`       | a component reported an error, or a topology has to be started again |
 * | `heddle:engine:dead-letter` | an event failed for good and goes to the dead letters |
 * | `heddle:engine:timeout`     | an event was not done in time and is replayed |
 * | `heddle:engine:skipped`     | records were gone before they were read |
 * | `heddle:engine:delivery`    | events were handed to a sink, or could not be |
 * | `heddle:engine:shell`       | a program of a topology has something to say |
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'
import type { Guarantee, TopologyState } from '@heddle/core'

export interface StateMessage {
  readonly topology: string
  /** `stopped` when it was killed. */
  readonly state: TopologyState | 'stopped'
  readonly guarantee: Guarantee
}

export interface CommitMessage {
  readonly topology: string
  readonly guarantee: Guarantee
  /** Input events that were done since the last commit. */
  readonly events: number
  /** Records that the same transaction appended; 0 when at-least-once, where they are appended before. */
  readonly outputs: number
  /** Duration of the commit itself, in milliseconds. */
  readonly ms: number
}

export interface ErrorMessage {
  readonly topology: string
  /** `undefined` when it is the topology's own, such as a commit that failed. */
  readonly component: string | undefined
  readonly error: unknown
}

export interface DeadLetterMessage {
  readonly topology: string
  readonly component: string
  readonly topic: string
  readonly error: unknown
  readonly attempts: number
}

export interface TimeoutMessage {
  readonly topology: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface SkippedMessage {
  readonly topology: string
  readonly topic: string
  readonly partition: number
  /** First offset that was wanted, and the first that is still there. */
  readonly from: number
  readonly to: number
}

export interface DeliveryMessage {
  readonly topology: string
  readonly component: string
  readonly kind: string
  readonly events: number
  /** Duration of the write, in milliseconds. */
  readonly ms: number
  /** Why it failed; `undefined` when they were delivered. */
  readonly error: unknown
}

export interface ShellMessage {
  readonly topology: string
  readonly component: string
  /** By its log command, its error command, its metrics command, or on stderr. */
  readonly kind: 'log' | 'error' | 'metrics' | 'stderr'
  /** As its log command says; else `error` for an error, `debug` for a metric, `info` for stderr. */
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
}

export const stateChannel = channel('heddle:engine:state')
export const commitChannel = channel('heddle:engine:commit')
export const errorChannel = channel('heddle:engine:error')
export const deadLetterChannel = channel('heddle:engine:dead-letter')
export const timeoutChannel = channel('heddle:engine:timeout')
export const skippedChannel = channel('heddle:engine:skipped')
export const deliveryChannel = channel('heddle:engine:delivery')
export const shellChannel = channel('heddle:engine:shell')
