import { ask, waitOf } from './ask.ts'
import { ClientError, isRetryable } from './client-error.ts'
import { type Event, type EventInit, eventOf, eventText } from './event.ts'
import type { Settings } from './options.ts'
import { backoffOf, pause } from './retry.ts'

/** How long one request to the gateway waits, in milliseconds: below the idle limits of usual proxies. */
const askMs = 30_000

export interface RequestOptions {
  /** How long to wait for the reply in all, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number
  /** Topic that the reply comes in; default: one that the gateways have for all replies. */
  readonly replies?: string
  /** Gives up. */
  readonly signal?: AbortSignal
}

/**
 * Publishes an event, and resolves with the reply to it. It is asked again when a gateway stops or is out of reach: with the same event,
 * which is published once, and whose reply is found also when it came meanwhile.
 */
export async function request<T>(
  settings: Settings,
  topic: string,
  init: EventInit,
  { replies, signal, timeoutMs = 30_000 }: RequestOptions,
): Promise<Event<T>> {
  const body = eventText(init)
  const backoff = backoffOf(settings.retry, Number.POSITIVE_INFINITY)
  const until = Date.now() + timeoutMs
  for (let failures = 1; ; failures++) {
    const waitMs = Math.max(1, Math.min(askMs, until - Date.now()))
    const query = new URLSearchParams({ timeout: String(waitMs), ...(replies !== undefined && { replies }) })
    try {
      const reply = await ask<Readonly<Record<string, unknown>>>(settings, {
        method: 'POST',
        path: `/topics/${encodeURIComponent(topic)}/request?${query}`,
        body,
        contentType: 'application/cloudevents+json',
        waitMs,
        ...(signal && { signal }),
      })
      return eventOf<T>(reply)
    } catch (error) {
      if (!(error instanceof ClientError) || !isRetryable(error)) throw error
      const pauseMs =
        error.code === 'HEDDLE_REQUEST_TIMEOUT' ? 0 : Math.max(waitOf(error), backoff.after(failures))
      if (failures >= backoff.attempts || Date.now() + pauseMs >= until) throw error
      await pause(pauseMs, signal)
      signal?.throwIfAborted()
    }
  }
}

/**
 * Where a reply goes, and the reply itself.
 * @throws RangeError when the event is no request.
 */
export function replyTo(
  asked: Event,
  init: EventInit,
): { readonly topic: string; readonly event: EventInit } {
  const { correlationid, id, partitionkey, replyto, traceparent } = asked
  if (typeof replyto !== 'string' || correlationid === undefined)
    throw new RangeError(`event '${id}' is no request: it has no replyto and correlationid`)
  return {
    topic: replyto,
    event: {
      // The same whenever it is made again.
      id: `${id}.reply`,
      ...(partitionkey !== undefined && { partitionkey }),
      ...(traceparent !== undefined && { traceparent }),
      ...init,
      correlationid,
    },
  }
}
