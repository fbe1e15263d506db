/**
 * Every error answer: RFC 9457 problem details.
 * https://www.rfc-editor.org/rfc/rfc9457
 *
 * ```
 * { "type":   "/problems/HEDDLE_LOG_UNKNOWN_TOPIC",   relative: the gateway itself explains it there
 *   "title":  "There is no such topic",               the same for every case
 *   "status": 404,
 *   "detail": "'ordres'; did you mean 'orders'?",     this case
 *   "code":   "HEDDLE_LOG_UNKNOWN_TOPIC",
 *   "kind":   "usage",                                retryable, terminal or usage: whether to try again
 *   "todo":   "Create it …",                          what to do about it
 *   "info":   { … } }                                 facts for programs, when there are any
 * ```
 *
 * @module
 */
import {
  type ErrorCode,
  type ErrorKind,
  HeddleError,
  errorMessage,
  errorTable,
  isHeddleError,
} from '@heddle/core'

export const problemType = 'application/problem+json; charset=utf-8'

/** A problem-details object (RFC 9457) with Heddle's `code` and `todo`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly todo: string
  readonly info?: Readonly<Record<string, unknown>>
}

/** The problem of anything that was thrown. */
export function problemOf(error: unknown): Problem {
  const known = asHeddleError(error)
  return {
    type: `/problems/${known.code}`,
    title: errorTable[known.code].message,
    status: known.status,
    ...(known.detail === '' ? undefined : { detail: known.detail }),
    code: known.code,
    kind: known.kind,
    todo: known.todo,
    ...(Object.keys(known.info).length === 0 ? undefined : { info: known.info }),
  }
}

/** Whole seconds for a Retry-After header (RFC 9110 § 10.2.3); at least one, since 0 invites a tight loop. */
const retryAfterSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

/** The Retry-After of an error in seconds, or `undefined` when waiting does not help. */
export function retryAfterOf(error: unknown): number | undefined {
  if (!isHeddleError(error)) return undefined
  const { retryAfterMs } = error.info
  if (typeof retryAfterMs === 'number') return retryAfterSeconds(retryAfterMs)
  return error.status === 503 ? 1 : undefined
}

// What fastify and Node raise before a route is reached.
const foreign: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'HEDDLE_HTTP_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'HEDDLE_HTTP_BAD_REQUEST',
  FST_ERR_BAD_URL: 'HEDDLE_HTTP_BAD_REQUEST',
  HPE_HEADER_OVERFLOW: 'HEDDLE_HTTP_HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'HEDDLE_HTTP_TIMEOUT',
}

/** The HeddleError that stands for anything that was thrown. What nobody foresaw is HEDDLE_HTTP_INTERNAL, without its text. */
export function asHeddleError(error: unknown): HeddleError {
  if (isHeddleError(error)) return error
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
  const known = typeof code === 'string' ? foreign[code] : undefined
  if (known) return new HeddleError(known, errorMessage(error), { cause: error })
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HeddleError('HEDDLE_HTTP_BAD_REQUEST', errorMessage(error), { cause: error })
  }
  // Its message may hold paths or data that are nobody's business; the channel heddle:gateway:error has all of it.
  return new HeddleError('HEDDLE_HTTP_INTERNAL', '', { cause: error })
}
