import { type Duration, type SinkRef, milliseconds } from '@heddle/core'

export interface HttpSinkOptions {
  /**
   * How a CloudEvent is written: `binary` (attributes as `ce-` headers, data as the body) or `structured` (all of it as
   * one `application/cloudevents+json`). Default `binary`: a receiver that knows nothing of CloudEvents gets its data.
   */
  readonly mode?: 'binary' | 'structured'
  /**
   * Further request headers. `${NAME}` in a value is replaced by that environment variable when the sink opens, so
   * that a secret is never part of the plan.
   */
  readonly headers?: Readonly<Record<string, string>>
  /** For one request, from its start until the whole answer is there. Default 15 s, as webhook senders commonly wait. */
  readonly timeout?: Duration
  /** Requests under way at once, each on a connection that is kept. Default 16: keeps a receiver 10 ms away busy at 1,600 a second. */
  readonly concurrency?: number
  /** A `Retry-After` that asks for more is cut to this. Default 5 min, so that a wrong one does not stop a topology. */
  readonly maxRetryAfter?: Duration
}

/**
 * An HTTP endpoint as the output of a topology: each event is one POST.
 *
 * 2xx means delivered. 408, 429, 5xx and failing connections are tried again (`Retry-After` is heeded), any other
 * status sends the event to the dead letters. After a crash an event can come again with the same `idempotency-key`
 * (also as `webhook-id`): its `id`.
 *
 * @example .to(http('https://team.example/hook', { headers: { authorization: 'Bearer ${TEAM_TOKEN}' } }))
 */
export function http<T = unknown>(url: string, options: HttpSinkOptions = {}): SinkRef<T> {
  const { mode = 'binary', headers = {}, timeout = '15s', concurrency = 16, maxRetryAfter = '5m' } = options
  return {
    kind: 'http',
    config: {
      url,
      mode,
      headers,
      timeoutMs: milliseconds(timeout),
      concurrency,
      maxRetryAfterMs: milliseconds(maxRetryAfter),
    },
  }
}
