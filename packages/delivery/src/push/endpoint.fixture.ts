import { once } from 'node:events'
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that an endpoint has, and has not answered. */
export interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly id: string
  readonly answer: (status: number, headers?: Readonly<Record<string, string>>, text?: string) => void
  /** The raw answer, for what no endpoint should do. */
  readonly response: ServerResponse
}

/** An HTTP endpoint whose requests are answered by hand, in the order in which they came. */
export async function openEndpoint() {
  const waiting: Request[] = []
  const askers: ((request: Request) => void)[] = []
  let requests = 0
  const server = createServer((incoming, response) => {
    requests++
    let body = ''
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    incoming.on('end', () => {
      const request: Request = {
        headers: incoming.headers,
        body,
        id: (JSON.parse(body) as { id: string }).id,
        answer: (status, headers = {}, text = '') => void response.writeHead(status, headers).end(text),
        response,
      }
      const asker = askers.shift()
      if (asker) asker(request)
      else waiting.push(request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    /** The next request that comes, or came. */
    next(): Promise<Request> {
      const request = waiting.shift()
      return request ? Promise.resolve(request) : new Promise((resolve) => askers.push(resolve))
    },
    /** Requests that came and were not asked for. */
    get waiting(): number {
      return waiting.length
    },
    get requests(): number {
      return requests
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type TestEndpoint = Awaited<ReturnType<typeof openEndpoint>>
