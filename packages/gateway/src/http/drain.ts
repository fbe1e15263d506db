import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayContext } from './context.ts'

/** How often connections that have become idle are looked for while draining, in milliseconds. */
const lookEveryMs = 25

/**
 * Connections on which nothing was ever sent, such as those that a browser or undici opens ahead of need. Node does not
 * count them as idle, so that closing a server would wait for them.
 */
export function unusedConnections(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }) => unused.delete(socket))
  server.on('upgrade', ({ socket }) => unused.delete(socket))
  return unused
}

/** Takes no new connections and waits until what is under way is answered, for at most `drainMs`; then cuts off the rest. */
export function drain(
  server: Server,
  unused: ReadonlySet<Socket>,
  sockets: { terminate(): void },
  { clock, limits }: Pick<GatewayContext, 'clock' | 'limits'>,
): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    // A kept-alive connection becomes idle when its answer is sent, and Node does not tell.
    let look = clock.after(lookEveryMs, closeIdle)
    function closeIdle(): void {
      server.closeIdleConnections()
      for (const socket of unused) if (socket.bytesRead === 0) socket.destroy()
      look = clock.after(lookEveryMs, closeIdle)
    }
    const late = clock.after(limits.drainMs, () => {
      server.closeAllConnections()
      sockets.terminate()
    })
    server.close(() => {
      look.clear()
      late.clear()
      resolve()
    })
  })
}
