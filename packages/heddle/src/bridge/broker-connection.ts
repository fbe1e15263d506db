import { once } from 'node:events'
import { type Socket, connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { HeddleError, errorMessage } from '@heddle/core'
import { type Frame, FrameDecoder, encodeFrame, noBody } from '@heddle/gateway/stomp'

/** A broker that speaks STOMP. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly login: string | undefined
  readonly passcode: string | undefined
}

type Headers = Readonly<Record<string, string | undefined>>

/** Interval of heart-beats in both directions, in milliseconds: a broker that is gone without a word is noticed after twice that. */
const heartBeatMs = 10_000

/** How long a connection may take to be made and answered, in milliseconds. */
const connectMs = 10_000

/** A client of a broker, in STOMP 1.2. When it ends, everything that waits for an answer is rejected. */
export class BrokerConnection implements AsyncDisposable {
  /** Resolves with the reason when it has ended. */
  readonly ended: Promise<Error>
  readonly #socket: Socket
  readonly #decoder = new FrameDecoder({ maxHeadBytes: 1024 ** 2, maxFrameBodyBytes: 256 * 1024 ** 2 })
  readonly #receipts = new Map<string, PromiseWithResolvers<void>>()
  readonly #subscriptions = new Map<string, (message: Frame) => void>()
  /** Ids of subscriptions that are durable, by their names. */
  readonly #durables = new Map<string, string>()
  readonly #connected = Promise.withResolvers<void>()
  readonly #end: (error: Error) => void
  readonly #timers: NodeJS.Timeout[] = []
  #heard = performance.now()
  #over: Error | undefined
  #count = 0

  private constructor(socket: Socket, name: string) {
    const over = Promise.withResolvers<Error>()
    this.ended = over.promise
    this.#socket = socket
    this.#end = (error) => {
      this.#over ??= error
      over.resolve(error)
      for (const timer of this.#timers) clearInterval(timer)
      for (const { reject } of this.#receipts.values()) reject(error)
      this.#receipts.clear()
      this.#connected.reject(error)
      socket.destroy()
    }
    this.#decoder.version = '1.2'
    this.#connected.promise.catch(() => {}) // told by `ended`
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#end(unreachable(name, errorMessage(error))))
    socket.on('close', () => this.#end(unreachable(name, 'the connection was closed')))
  }

  /** @throws HEDDLE_BRIDGE_UNREACHABLE, HEDDLE_BRIDGE_REFUSED */
  static async open(
    { host, login, passcode, port, tls }: BrokerAddress,
    clientId: string | undefined,
  ): Promise<BrokerConnection> {
    const socket = tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port })
    const connection = new BrokerConnection(socket, `${host}:${port}`)
    const late = setTimeout(
      () => connection.#end(unreachable(`${host}:${port}`, `no answer within ${connectMs} ms`)),
      connectMs,
    )
    try {
      await Promise.race([once(socket, tls ? 'secureConnect' : 'connect'), connection.ended.then(rethrown)])
      socket.setNoDelay(true)
      const beats = `${heartBeatMs},${heartBeatMs}`
      connection.#send('CONNECT', {
        'accept-version': '1.2',
        host,
        'heart-beat': beats,
        login,
        passcode,
        'client-id': clientId,
      })
      await connection.#connected.promise
      return connection
    } finally {
      clearTimeout(late)
    }
  }

  /** Resolves when the broker says that it has it. @throws HEDDLE_BRIDGE_REFUSED, HEDDLE_BRIDGE_UNREACHABLE */
  ask(command: string, headers: Headers, body: Uint8Array = noBody): Promise<void> {
    if (this.#over) return Promise.reject(this.#over)
    const receipt = `b${this.#count++}`
    const waiting = Promise.withResolvers<void>()
    this.#receipts.set(receipt, waiting)
    this.#send(command, { ...headers, receipt }, body)
    return waiting.promise
  }

  /** Calls `given` for each message until the connection ends. */
  async subscribe(headers: Headers, given: (message: Frame) => void): Promise<void> {
    const id = `s${this.#count++}`
    this.#subscriptions.set(id, given)
    const durable = headers['activemq.subscriptionName']
    if (durable !== undefined) this.#durables.set(durable, id)
    await this.ask('SUBSCRIBE', { ...headers, id })
  }

  /** Deletes a durable subscription. */
  async unsubscribe(durable: string): Promise<void> {
    const id = this.#durables.get(durable)
    this.#durables.delete(durable)
    // ActiveMQ deletes only one that nobody is connected to.
    if (id !== undefined) await this.ask('UNSUBSCRIBE', { id })
    await this.ask('UNSUBSCRIBE', { id: id ?? 'none', 'activemq.subscriptionName': durable })
  }

  /** Nobody is told when it is done. */
  ack(message: Frame): void {
    this.#send('ACK', { id: message.headers.get('ack') })
  }

  /** Takes its leave: what was sent before is done when it resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.ask('DISCONNECT', {}).catch(() => {}) // it is gone already
    this.#end(new HeddleError('HEDDLE_BRIDGE_UNREACHABLE', 'closed by the bridge'))
  }

  #send(command: string, headers: Headers, body: Uint8Array = noBody): void {
    const all = new Map<string, string>()
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) all.set(name, value)
    this.#socket.write(encodeFrame({ command, headers: all, body }, '1.2'))
  }

  #read(chunk: Buffer): void {
    this.#heard = performance.now()
    try {
      this.#decoder.push(chunk)
      for (let frame = this.#decoder.next(); frame; frame = this.#decoder.next()) this.#take(frame)
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #take(frame: Frame): void {
    const { command, headers } = frame
    if (command === 'MESSAGE') return this.#subscriptions.get(headers.get('subscription') ?? '')?.(frame)
    if (command === 'CONNECTED') return this.#beat()
    const waiting = this.#receipts.get(headers.get('receipt-id') ?? '')
    this.#receipts.delete(headers.get('receipt-id') ?? '')
    if (command === 'RECEIPT') return waiting?.resolve()
    const error = new HeddleError('HEDDLE_BRIDGE_REFUSED', headers.get('message') ?? command)
    // One that is about no frame of ours is about the connection.
    if (waiting) waiting.reject(error)
    else this.#end(error)
  }

  #beat(): void {
    this.#connected.resolve()
    const every = (run: () => void): void => void this.#timers.push(setInterval(run, heartBeatMs / 2).unref())
    every(() => this.#socket.write('\n'))
    every(() => {
      if (performance.now() - this.#heard > heartBeatMs * 2)
        this.#end(new HeddleError('HEDDLE_BRIDGE_UNREACHABLE', 'no heart-beat'))
    })
  }
}

const unreachable = (name: string, why: string): HeddleError =>
  new HeddleError('HEDDLE_BRIDGE_UNREACHABLE', `${name}: ${why}`)

function rethrown(error: Error): never {
  throw error
}
