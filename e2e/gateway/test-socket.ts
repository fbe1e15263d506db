import { once } from 'node:events'
import { WebSocket } from 'ws'

/** What a test expects of a message, it says itself. */
export type Message = Record<string, any>

/** A socket whose messages are taken one by one. */
export class Socket {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #messages: Message[] = []
  #arrived: (() => void) | undefined

  constructor(url: string, options: object = {}) {
    this.socket = new WebSocket(url.replace('http', 'ws'), options)
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({
      code: code as number,
      reason: String(reason),
    }))
    this.socket.on('message', (data: Buffer) => {
      this.#messages.push(JSON.parse(data.toString()) as Message)
      this.#arrived?.()
    })
  }

  /** The next message, without heartbeats. */
  async next(): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift()
      if (message && message['type'] !== 'heartbeat') return message
      if (!message) await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
  }

  async take(count: number): Promise<Message[]> {
    const taken: Message[] = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }
}
