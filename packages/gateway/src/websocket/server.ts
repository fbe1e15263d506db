import type { Server } from 'node:http'
import type { GatewayContext } from '../http/context.ts'

/** Takes WebSocket upgrades at `/topics/{topic}/events`. */
export function acceptSockets(_server: Server, _context: GatewayContext): { close(): void } {
  return { close: () => undefined }
}
