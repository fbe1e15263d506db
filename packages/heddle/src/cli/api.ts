import { type ErrorCode, HeddleError, errorMessage, errorTable } from '@heddle/core'

/** Where a host is, and how its answers are shown. */
export interface RemoteOptions {
  readonly url: string
  readonly json?: boolean
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Calls the HTTP API of a running host; the answer is parsed JSON, `undefined` without a body.
 * @throws the error that a problem document (RFC 9457) describes, or HEDDLE_CLIENT_REQUEST_FAILED.
 */
export async function call<T>(url: string, method: Method, path: string, body?: unknown): Promise<T> {
  let response: Response
  let text: string
  try {
    response = await fetch(new URL(path, url), {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    })
    text = await response.text()
  } catch (error) {
    throw unreachable(url, error)
  }
  if (!response.ok) throw failureOf(method, path, response.status, text)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** The error that an answer describes: a problem document, or whatever stands between the host and this program. */
export function failureOf(method: string, path: string, status: number, text: string): HeddleError {
  const answer = parse(text)
  const { code, detail } = (typeof answer === 'object' && answer !== null ? answer : {}) as {
    code?: string
    detail?: string
  }
  return code !== undefined && Object.hasOwn(errorTable, code)
    ? new HeddleError(code as ErrorCode, detail ?? '')
    : new HeddleError(
        'HEDDLE_CLIENT_REQUEST_FAILED',
        `${method} ${path} was answered ${status} ${text.slice(0, 200)}`.trim(),
      )
}

/** The error for a host that does not answer. */
export const unreachable = (url: string, error: unknown): HeddleError =>
  new HeddleError(
    'HEDDLE_CLIENT_REQUEST_FAILED',
    `${url} (is 'heddle up' or 'heddle dev' running there? --url names another address): ${reason(error)}`,
    { cause: error },
  )

/** fetch tells only in its cause why it failed. */
const reason = (error: unknown): string =>
  errorMessage(error instanceof Error && error.cause !== undefined ? error.cause : error)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A segment of a path. */
export const segment = (name: string): string => encodeURIComponent(name)
