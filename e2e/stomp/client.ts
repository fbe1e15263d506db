import { once } from 'node:events'
import { type Socket, connect } from 'node:net'

/** A frame as a client sees it; nothing is unescaped. */
export interface ClientFrame {
  readonly command: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Headers = Readonly<Record<string, string | number | undefined>>

/** How long a test waits for a frame that must come, in milliseconds: beyond any load. */
const patienceMs = 30_000

/** A STOMP client that does what it is told, and no more: what it sends may be wrong. */
export class StompClient implements AsyncDisposable {
  readonly socket: Socket
  readonly frames: ClientFrame[] = []
  #received = Buffer.alloc(0)
  #changed: (() => void)[] = []
  closed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#parse()
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      this.closed = true
      this.#tell()
    })
  }

  /** Opens a connection, and nothing more. */
  static async open(address: string): Promise<StompClient> {
    const [host, port] = address.split(':')
    const socket = connect({ host: host!, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new StompClient(socket)
  }

  /** Opens a connection and sends CONNECT; resolves when it is answered. */
  static async connect(address: string, headers: Headers = {}): Promise<StompClient> {
    const client = await StompClient.open(address)
    await client.ask('CONNECT', { 'accept-version': '1.2', host: 'test', ...headers })
    return client
  }

  /** Sends a frame; a header that is undefined is left out. */
  send(command: string, headers: Headers = {}, body = ''): void {
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : `${name}:${value}\n`,
    )
    this.socket.write(`${command}\n${lines.join('')}\n${body}\0`)
  }

  /** Sends a frame and waits for the next one that comes. */
  ask(command: string, headers: Headers = {}, body = ''): Promise<ClientFrame> {
    this.send(command, headers, body)
    return this.next()
  }

  /** Sends a frame and waits for its RECEIPT, or an ERROR. */
  async done(command: string, headers: Headers = {}, body = ''): Promise<ClientFrame> {
    const receipt = `r${Math.random()}`
    this.send(command, { ...headers, receipt }, body)
    return this.take((frame) => frame.headers['receipt-id'] === receipt)
  }

  /** Takes the next frame that comes. */
  next(): Promise<ClientFrame> {
    return this.take(() => true)
  }

  message(): Promise<ClientFrame> {
    return this.take(({ command }) => command === 'MESSAGE')
  }

  error(): Promise<ClientFrame> {
    return this.take(({ command }) => command === 'ERROR')
  }

  /** Takes the first frame that is wanted, also one that came before others. */
  async take(wanted: (frame: ClientFrame) => boolean): Promise<ClientFrame> {
    const began = Date.now()
    for (;;) {
      const at = this.frames.findIndex(wanted)
      if (at !== -1) return this.frames.splice(at, 1)[0]!
      if (this.closed) throw new Error(`closed; there are ${JSON.stringify(this.frames)}`)
      if (Date.now() - began > patienceMs)
        throw new Error(`nothing came; there are ${JSON.stringify(this.frames)}`)
      const timer = setTimeout(() => this.#tell(), patienceMs)
      await this.#change()
      clearTimeout(timer)
    }
  }

  async closing(): Promise<void> {
    while (!this.closed) await this.#change()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.closing()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }

  #tell(): void {
    const changed = this.#changed
    this.#changed = []
    for (const resolve of changed) resolve()
  }

  #parse(): void {
    for (;;) {
      let at = 0
      while (this.#received[at] === 10) at++
      const headEnd = this.#received.indexOf('\n\n', at)
      if (headEnd === -1) break
      const [command, ...lines] = this.#received.toString('utf8', at, headEnd).split('\n')
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
      )
      const length = headers['content-length']
      const end = length === undefined ? this.#received.indexOf(0, headEnd + 2) : headEnd + 2 + Number(length)
      if (end === -1 || end >= this.#received.length) break
      this.frames.push({
        command: command!,
        headers,
        body: this.#received.toString('utf8', headEnd + 2, end),
      })
      this.#received = this.#received.subarray(end + 1)
    }
    this.#tell()
  }
}
