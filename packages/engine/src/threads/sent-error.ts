import { type ErrorCode, HeddleError, errorMessage, isHeddleError } from '@heddle/core'

/** An error on its way to another thread: classes do not travel. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  /** Of a HeddleError. */
  readonly heddle?: {
    readonly code: ErrorCode
    readonly detail: string
    readonly info: Readonly<Record<string, unknown>>
  }
}

export function sendError(error: unknown): SentError {
  return {
    name: error instanceof Error ? error.name : 'Error',
    message: errorMessage(error),
    ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
    ...(isHeddleError(error) && {
      heddle: { code: error.code, detail: error.detail, info: plain(error.info) },
    }),
  }
}

/** The error as it was thrown there, with its stack. */
export function receiveError({ name, message, stack, heddle }: SentError): Error {
  const error = heddle
    ? new HeddleError(heddle.code, heddle.detail, { info: heddle.info })
    : new Error(message)
  if (!heddle) Object.defineProperty(error, 'name', { value: name })
  if (stack !== undefined) error.stack = stack
  return error
}

/** What can be sent of the facts of an error. */
function plain(info: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(info)) as Record<string, unknown>
}
