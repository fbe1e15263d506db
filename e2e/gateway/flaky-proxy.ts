import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'

/** A proxy in front of a gateway that cuts connections off, at any byte. */
export interface FlakyProxy extends AsyncDisposable {
  readonly url: string
  /** How many connections it cut off. */
  readonly cuts: number
}

/** @param every Each connection lives for a random number of bytes, up to this many. */
export async function flakyProxy(target: string, every: number): Promise<FlakyProxy> {
  const sockets = new Set<Socket>()
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(target).port), '127.0.0.1')
    let left = Math.ceil(Math.random() * every)
    const forward = (from: Socket, to: Socket): void => {
      sockets.add(from)
      from.on('data', (chunk: Buffer) => {
        if (left <= 0) return
        // What comes before the cut is delivered: a half of a request, or of an answer.
        to.write(chunk.subarray(0, left))
        left -= chunk.length
        if (left > 0) return
        cuts++
        client.destroySoon()
        upstream.destroySoon()
      })
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('error', () => to.destroy())
    }
    forward(client, upstream)
    forward(upstream, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${address.port}`,
    get cuts() {
      return cuts
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
