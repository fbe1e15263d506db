import { once } from 'node:events'
import { type Socket, connect } from 'node:net'

/** A connection that costs the load as little as it can: frames go out as bytes made before, and of what comes only NULs count. */
export class Link {
  readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
  }

  static async open(port: number): Promise<Link> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    const link = new Link(socket)
    socket.write(frame('CONNECT', { 'accept-version': '1.2', host: 'bench' }))
    await once(socket, 'data')
    return link
  }

  /** Calls back with how many frames ended in what came. They have no NUL in them. */
  onFrames(ended: (count: number) => void): void {
    this.socket.removeAllListeners('data')
    this.socket.on('data', (chunk: Buffer) => {
      let count = 0
      for (let at = chunk.indexOf(0); at !== -1; at = chunk.indexOf(0, at + 1)) count++
      if (count > 0) ended(count)
    })
  }

  close(): void {
    this.socket.destroy()
  }
}

export function frame(
  command: string,
  headers: Readonly<Record<string, string | number>>,
  body = '',
): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  return Buffer.from(`${command}\n${lines.join('')}\n${body}\0`)
}

/** A persistent message of 1 KB. */
export const send = (destination: string, headers: Readonly<Record<string, string | number>> = {}): Buffer =>
  frame('SEND', { destination, persistent: 'true', ...headers }, 'x'.repeat(1024))
