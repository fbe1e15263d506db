import { ClientError, errorOf, isRetryable, unreachable } from './client-error.ts'
import type { Settings } from './options.ts'
import { type Backoff, pause, retryAfterMs } from './retry.ts'

/** A request to the gateway. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Begins with a slash. */
  readonly path: string
  /** JSON text. */
  readonly body?: string
  readonly contentType?: string
  /** How long the gateway itself may take, in milliseconds, beside `requestTimeoutMs`. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

/**
 * Asks once; the answer is JSON, or nothing.
 * @throws ClientError; what the signal says, when that ended it.
 */
export async function ask<T>(settings: Settings, question: Question): Promise<T> {
  const { body, contentType = 'application/json', method, path, signal, waitMs = 0 } = question
  const timeout = AbortSignal.timeout(settings.requestTimeoutMs + waitMs)
  let response: Response
  let text: string
  try {
    response = await settings.fetch(`${settings.url}${path}`, {
      method,
      headers: { ...settings.headers(), ...(body !== undefined && { 'content-type': contentType }) },
      ...(body !== undefined && { body }),
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    if (!response.ok) throw withRetryAfter(await errorOf(response), retryAfterMs(response.headers))
    text = await response.text()
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof ClientError ? error : unreachable(error)
  }
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** Asks until there is an answer for good, or all attempts are used. */
export async function askAgain<T>(settings: Settings, question: Question, backoff: Backoff): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await ask<T>(settings, question)
    } catch (error) {
      if (!(error instanceof ClientError) || !isRetryable(error) || failures >= backoff.attempts) throw error
      await pause(Math.max(waitOf(error), backoff.after(failures)), question.signal)
      question.signal?.throwIfAborted()
    }
  }
}

const waits = new WeakMap<ClientError, number>()

function withRetryAfter(error: ClientError, ms: number): ClientError {
  waits.set(error, ms)
  return error
}

/** What the gateway said to wait, in milliseconds. */
export const waitOf = (error: ClientError): number => waits.get(error) ?? 0
