import { type Socket, connect } from 'node:net'
import { callFrame, readReply } from '../thrift/message.ts'
import type { Type } from '../thrift/type.ts'

/** The largest answer that is taken, in bytes: Storm's own limit for a message of Nimbus (`nimbus.thrift.max_buffer_size`). */
const maxFrameBytes = 2 ** 20 * 64

/** Where a Nimbus is. */
export interface Address {
  readonly host: string
  readonly port: number
}

interface Waiting {
  readonly resolve: (message: Buffer) => void
  readonly reject: (error: unknown) => void
}

/** A connection to one Nimbus. Calls are answered one after the other. */
export class Connection {
  readonly #socket: Socket
  #sequence = 0
  #received: Buffer = Buffer.alloc(0)
  #waiting: Waiting[] = []
  #closed: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the connection was closed')))
  }

  /** @param timeoutMs For connecting, and then for each call. @throws Error of the socket, or that it took too long. */
  static async open({ host, port }: Address, timeoutMs: number): Promise<Connection> {
    const socket = connect({ host, port })
    socket.setNoDelay(true)
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    socket.removeAllListeners('error')
    return new Connection(socket)
  }

  /** True when no call can be made any more. */
  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** @throws Error of the socket; ThriftException; what reading the answer throws. */
  async call<Args, Reply>(name: string, args: Type<Args>, values: Args, reply: Type<Reply>): Promise<Reply> {
    if (this.#closed) throw this.#closed
    const sequence = ++this.#sequence
    this.#socket.write(callFrame(name, args, values, sequence))
    const message = await new Promise<Buffer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
    return readReply(message, name, sequence, reply)
  }

  close(): void {
    this.#end(new Error('the connection was closed'))
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE()
      if (length < 0 || length > maxFrameBytes)
        return this.#end(
          new Error(`an answer has a length of ${length}: this is no Nimbus, or it wants another transport`),
        )
      if (this.#received.length < 4 + length) return
      this.#waiting.shift()?.resolve(this.#received.subarray(4, 4 + length))
      this.#received = this.#received.subarray(4 + length)
    }
  }

  #end(error: Error): void {
    if (this.#closed) return
    this.#closed = error
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
