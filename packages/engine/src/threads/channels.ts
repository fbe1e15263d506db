/**
 * Messages of `node:diagnostics_channel` that are published in a topology's thread, published again in the thread of the host:
 * there is one place to listen to.
 *
 * @module
 */
import { channel, subscribe } from 'node:diagnostics_channel'
import { type SentError, receiveError, sendError } from './sent-error.ts'

export type SentMessage = readonly [channel: string, message: Readonly<Record<string, unknown>>]

/** What the engine and the connectors publish in a thread; the log publishes where it is. */
const forwarded = [
  'heddle:engine:state',
  'heddle:engine:commit',
  'heddle:engine:error',
  'heddle:engine:dead-letter',
  'heddle:engine:timeout',
  'heddle:engine:skipped',
  'heddle:engine:delivery',
  'heddle:engine:shell',
  'heddle:connectors:delivery',
  'heddle:connectors:file-cut',
]

/** Hands on what is published here, some at a time. */
export function forwardChannels(send: (messages: readonly SentMessage[]) => void): void {
  let gathered: SentMessage[] = []
  for (const name of forwarded)
    subscribe(name, (message) => {
      if (gathered.length === 0)
        setImmediate(() => {
          const messages = gathered
          gathered = []
          send(messages)
        })
      gathered.push([name, pack(message as Record<string, unknown>)])
    })
}

export function publishForwarded(messages: readonly SentMessage[]): void {
  for (const [name, message] of messages) {
    const target = channel(name)
    if (target.hasSubscribers) target.publish(unpack(message))
  }
}

const pack = (message: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  'error' in message && message['error'] !== undefined
    ? { ...message, error: { sent: sendError(message['error']) } }
    : message

const unpack = (message: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { error } = message as { readonly error?: { readonly sent: SentError } }
  return error ? { ...message, error: receiveError(error.sent) } : message
}
