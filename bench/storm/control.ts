/**
 * How this bench steers spouts, in whatever language they are. Each connects, and they say to each other, line by line:
 *
 * ```
 * spout = "hello" name            when it is open
 *       | "first"                 when its first event is acked
 *       | acked p50 p99           the answer to "end": events since "begin", and their latencies in ms
 * bench = "set" rate pending      so many events a second, -1 for as many as can be, and at most so many that are not acked
 *       | "begin" | "end"
 * ```
 *
 * @module
 */
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a spout has seen acked in a while. */
export interface Measurement {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/** How fast a spout emits. */
export interface Pace {
  /** Events a second; -1 for as many as can be. */
  readonly rate: number
  /** Most events that are not acked. */
  readonly pending: number
}

/** How long a spout may take until it comes, or something of it is acked, in milliseconds. */
const patience = 120_000

export class Control {
  readonly #server: Server
  readonly #links = new Map<string, PromiseWithResolvers<Link>>()

  private constructor() {
    this.#server = createServer((socket) => {
      const link = new Link(socket, (name) => this.#linkOf(name).resolve(link))
    })
  }

  static async open(): Promise<Control> {
    const control = new Control()
    await new Promise<void>((resolve) => {
      control.#server.listen(0, '127.0.0.1', resolve)
    })
    return control
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The spout of that name, when it has come. */
  spout(name: string): Promise<Link> {
    return within(this.#linkOf(name).promise, `the spout of ${name} did not come`)
  }

  close(): void {
    this.#server.close()
  }

  #linkOf(name: string): PromiseWithResolvers<Link> {
    let link = this.#links.get(name)
    if (!link) this.#links.set(name, (link = Promise.withResolvers()))
    return link
  }
}

/** A spout that is there. */
export class Link {
  readonly #socket: Socket
  readonly #first = Promise.withResolvers<void>()
  #answer: ((line: string) => void) | undefined

  constructor(socket: Socket, hello: (name: string) => void) {
    this.#socket = socket
    socket.on('error', () => undefined)
    createInterface({ input: socket }).on('line', (line) => {
      if (line.startsWith('hello ')) hello(line.slice('hello '.length))
      else if (line === 'first') this.#first.resolve()
      else this.#answer?.(line)
    })
  }

  /** Resolves when the first event is acked. */
  firstAck(): Promise<void> {
    return within(this.#first.promise, 'nothing was acked')
  }

  set({ rate, pending }: Pace): void {
    this.#socket.write(`set ${rate} ${pending}\n`)
  }

  /** Lets it run for some time, measures, and lets it rest. Times in milliseconds. */
  async measure(pace: Pace, warmUpMs: number, ms: number): Promise<Measurement> {
    this.set(pace)
    await sleep(warmUpMs)
    this.#socket.write('begin\n')
    const began = performance.now()
    await sleep(ms)
    const answer = new Promise<string>((resolve) => {
      this.#answer = resolve
    })
    this.#socket.write('end\n')
    const [acked = 0, p50 = 0, p99 = 0] = (await within(answer, 'a spout did not answer'))
      .split(' ')
      .map(Number)
    const seconds = (performance.now() - began) / 1000
    this.set(rest)
    await sleep(settleMs)
    return { perSecond: acked / seconds, p50, p99 }
  }
}

const rest: Pace = { rate: 0, pending: 0 }

/** What is under way when a spout is told to rest is done by then, in milliseconds. */
const settleMs = 1500

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const over = new AbortController()
  const late = sleep(patience, undefined, { signal: over.signal }).then(
    () => {
      throw new Error(`${otherwise} within ${patience / 1000} s`)
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
