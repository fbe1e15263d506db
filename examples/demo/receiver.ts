import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The outside world of the demo: a team's HTTP endpoint, and the directory service that the enrichment asks. */
export interface Receiver {
  readonly url: string
  /** Ids that arrived, each once. */
  readonly ids: ReadonlySet<string>
  /** Posts of an id that had arrived before; a receiver drops these. */
  redelivered(): number
  close(): Promise<void>
}

export async function startReceiver(): Promise<Receiver> {
  const ids = new Set<string>()
  let redelivered = 0
  const server: Server = createServer((request, response) => {
    if (request.method === 'GET') {
      const owner = decodeURIComponent(request.url?.split('/').at(-1) ?? '')
      response.end(`team-${owner.toLowerCase()}`)
      return
    }
    request.resume().on('end', () => {
      const id = request.headers['webhook-id']
      if (typeof id !== 'string') return response.writeHead(400).end('no webhook-id')
      if (ids.has(id)) redelivered++
      ids.add(id)
      return response.writeHead(204).end()
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ids,
    redelivered: () => redelivered,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
