/**
 * What the gateway publishes on `node:diagnostics_channel`; it neither logs nor counts by itself. A message is only made
 * when somebody listens.
 *
 * | channel | when |
 * | --- | --- |
 * | `heddle:gateway:publish` | events were stored, or were there already |
 * | `heddle:gateway:read`    | events were given to a reader |
 * | `heddle:gateway:refused` | a request was answered with a problem |
 * | `heddle:gateway:stream`  | a reader that follows came or went |
 * | `heddle:gateway:webhook` | a webhook was taken in |
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'
import type { Problem } from './problem.ts'

export interface PublishMessage {
  readonly topic: string
  readonly mode: 'structured' | 'batch' | 'ndjson' | 'binary' | 'plain' | 'websocket' | 'webhook' | 'stomp'
  /** Items of the request, of which `duplicates` were there already and `failed` were refused. */
  readonly events: number
  readonly duplicates: number
  readonly failed: number
  /** Bytes of the bodies. */
  readonly bytes: number
  /** From the whole body having arrived until the events were durable, in milliseconds. */
  readonly ms: number
}

export interface ReadMessage {
  readonly topic: string
  readonly form: 'json' | 'ndjson' | 'sse' | 'websocket' | 'stomp'
  readonly events: number
  readonly bytes: number
}

export interface RefusedMessage {
  readonly method: string
  /** Path of the route, with its parameters' names; `undefined` when there is none. */
  readonly route: string | undefined
  readonly problem: Problem
  /** What was thrown. */
  readonly error: unknown
}

export interface StreamMessage {
  /** What is followed: this, or a subscription. */
  readonly topic?: string
  readonly subscription?: string
  readonly form: 'ndjson' | 'sse' | 'websocket'
  readonly state: 'opened' | 'closed'
  /** Why it was closed: the reader went, an error code, or the stop of the gateway. */
  readonly reason?: string
  /** How many there are now. */
  readonly open: number
}

export interface WebhookMessage {
  readonly webhook: string
  readonly topic: string
  readonly type: string
  readonly duplicate: boolean
}

export const publishChannel = channel('heddle:gateway:publish')
export const readChannel = channel('heddle:gateway:read')
export const refusedChannel = channel('heddle:gateway:refused')
export const streamChannel = channel('heddle:gateway:stream')
export const webhookChannel = channel('heddle:gateway:webhook')
