import type { IncomingHttpHeaders } from 'node:http'
import { type ErrorCode, HeddleError } from '@heddle/core'

/** A header that has to be there. @throws `code` when it is not. */
export function requiredHeader(headers: IncomingHttpHeaders, name: string, code: ErrorCode): string {
  const value = headers[name]
  if (typeof value === 'string' && value !== '') return value
  throw new HeddleError(code, `the header ${name} is missing`)
}
