import type { Server } from 'node:http'
import type { GatewayContext } from './context.ts'

/** How often connections that have become idle are looked for while draining, in milliseconds. */
const lookEveryMs = 25

/** Takes no new connections and waits until what is under way is answered, for at most `drainMs`; then cuts off the rest. */
export function drain(
  server: Server,
  sockets: { terminate(): void },
  { clock, limits }: GatewayContext,
): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    // A kept-alive connection becomes idle when its answer is sent, and Node does not tell.
    let look = clock.after(lookEveryMs, closeIdle)
    function closeIdle(): void {
      server.closeIdleConnections()
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
