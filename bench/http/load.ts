/**
 * A load generator on bare sockets: it has to be much cheaper than what it measures, since both share the machine. One
 * request at a time on each kept-alive connection, each answered before the next is sent.
 */
import { type Socket, connect } from 'node:net'

/** What is sent on one connection: the whole request, head and body. Called for each; may change and return the same bytes. */
export type NextRequest = () => Buffer

export interface Load {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Called once for each connection. */
  readonly requests: (connection: number) => NextRequest
}

export interface Driven {
  /** Answers with a status below 300, each second. */
  readonly perSecond: number
  readonly latencies: readonly number[]
}

/** Drives the load; @throws when an answer is not a success. */
export async function drive({ connections, port, requests, seconds }: Load): Promise<Driven> {
  const latencies: number[] = []
  const until = performance.now() + seconds * 1000
  const began = performance.now()
  await Promise.all(Array.from({ length: connections }, (_, at) => one(port, requests(at), until, latencies)))
  return { perSecond: (latencies.length / (performance.now() - began)) * 1000, latencies }
}

function one(port: number, next: NextRequest, until: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sent = 0
    const send = (): void => {
      sent = performance.now()
      socket.write(next())
    }
    const answers = new AnswerReader()
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      const status = answers.push(chunk)
      if (status === undefined) return
      if (status >= 300) {
        socket.destroy(new Error(`answered with ${status}`))
        return
      }
      const now = performance.now()
      latencies.push(now - sent)
      if (now < until) send()
      else socket.end(resolve)
    })
  })
}

/** At a steady rate, whether or not the requests before were answered: a slow answer must not thin out the load. */
export interface Pace {
  readonly port: number
  readonly connections: number
  readonly perSecond: number
  readonly seconds: number
  /** The request of the moment in which it is sent. */
  readonly request: () => Buffer
}

/** Sends all, and resolves when all are answered. A request whose time has come waits for a free connection. */
export async function pace({ connections, perSecond, port, request, seconds }: Pace): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => opened(port)))
  const free = [...sockets]
  const total = perSecond * seconds
  let sent = 0
  let answered = 0
  await new Promise<void>((resolve, reject) => {
    const began = performance.now()
    const send = (): void => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond))
      for (; sent < due && free.length > 0; sent++) free.pop()!.write(request())
    }
    const timer = setInterval(send, 1)
    for (const socket of sockets) {
      const answers = new AnswerReader()
      socket.on('error', reject)
      socket.on('data', (chunk: Buffer) => {
        const status = answers.push(chunk)
        if (status === undefined) return
        if (status >= 300) reject(new Error(`answered with ${status}`))
        free.push(socket)
        if (++answered === total) {
          clearInterval(timer)
          resolve()
        }
      })
    }
  })
  for (const socket of sockets) socket.end()
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.on('connect', () => resolve(socket))
    socket.on('error', reject)
  })
}

/** Finds the end of an answer that has a content-length, as all that are driven here do. */
class AnswerReader {
  #rest: Buffer | undefined

  /** The status of the answer that is complete now. */
  push(chunk: Buffer): number | undefined {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    const head = bytes.indexOf('\r\n\r\n')
    if (head !== -1) {
      const text = bytes.toString('latin1', 0, head)
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
      if (bytes.length >= head + 4 + length) {
        this.#rest = undefined
        return Number(text.slice(9, 12))
      }
    }
    this.#rest = bytes
    return undefined
  }
}
