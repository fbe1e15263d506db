import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { asHeddleError, problemOf } from './problem.ts'

/** A problem as a whole HTTP response, for sockets that have no response object: broken requests and refused upgrades. */
export function rawProblem(error: unknown, headers: Readonly<Record<string, string>> = {}): string {
  const problem = problemOf(error)
  const body = JSON.stringify(problem)
  const lines = Object.entries({
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`
}

/** Answers what Node could not read as a request: malformed, headers too large, or too slow. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const foreseen = error.code === 'HPE_HEADER_OVERFLOW' || error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  socket.end(
    rawProblem(
      foreseen
        ? error
        : asHeddleError(Object.assign(new Error(`not HTTP (${error.message})`), { statusCode: 400 })),
    ),
  )
}
