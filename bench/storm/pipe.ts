import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { type Spout, type SpoutOutput, type Topology, topology } from '@heddle/core'

/** How many texts there are, and characters in each: of 64 that are equally likely, so that little can be compressed. */
const texts = 4096
const textLength = 190
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const keys = 1000

/** Most events of one call of `next`. */
const burst = 500

type Line = Readonly<Record<'key' | 'text', string>>

/**
 * Spout → shuffle → bolt → fields → bolt, acked. `Pipe.java` is the same in Java.
 * @param port Where its spout gets its pace: see `control.ts`.
 */
export function pipe(name: string, port: number): Topology {
  const t = topology.graph(name, { messageTimeout: '30s', maxPending: 200_000 })
  const lines = t.spout('lines', { create: () => new Lines(name, port) }, { fields: ['key', 'text'] })
  const passed = t
    .bolt('pass', ({ values }, out) => out.emit({ key: values.key, text: values.text }), {
      fields: ['key', 'text'],
    })
    .shuffle(lines)
  t.bolt('count', { create: counter }).fields(passed, 'key')
  return t
}

/** Counts in memory, as that in Java. */
function counter() {
  const counts = new Map<string, number>()
  return {
    execute({ values: { key } }: { readonly values: Line }): void {
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
  }
}

class Lines implements Spout<Line> {
  readonly #name: string
  readonly #port: number
  readonly #texts: readonly string[]
  readonly #emittedAt = new Map<string, number>()
  #say: (line: string) => void = () => undefined
  #rate = 100
  #pending = 100
  #pacedFrom = 0
  #paced = 0
  #next = 0
  #acked = 0
  #latencies: number[] = []

  constructor(name: string, port: number) {
    this.#name = name
    this.#port = port
    this.#texts = Array.from({ length: texts }, () =>
      Array.from({ length: textLength }, () => letters[Math.floor(Math.random() * letters.length)]!).join(''),
    )
  }

  open(): void {
    const socket = connect(this.#port, '127.0.0.1')
    socket.on('error', () => undefined)
    this.#say = (line) => void socket.write(`${line}\n`)
    this.#say(`hello ${this.#name}`)
    createInterface({ input: socket }).on('line', (line) => this.#told(line.split(' ')))
    this.#pace(100, 100)
  }

  next(out: SpoutOutput<Line>): void {
    const now = performance.now()
    const due =
      this.#rate < 0 ? burst : Math.floor(((now - this.#pacedFrom) * this.#rate) / 1000) - this.#paced
    const count = Math.min(due, burst, this.#pending - this.#emittedAt.size)
    for (let n = 0; n < count; n++) {
      const id = String(this.#next++)
      this.#emittedAt.set(id, now)
      out.emit({ key: `key-${this.#next % keys}`, text: this.#texts[this.#next % texts]! }, { id })
    }
    if (count > 0) this.#paced += count
  }

  ack(id: string): void {
    if (this.#acked === 0 && this.#latencies.length === 0) this.#say('first')
    this.#acked++
    this.#latencies.push(performance.now() - this.#emittedAt.get(id)!)
    this.#emittedAt.delete(id)
  }

  fail(id: string): void {
    this.#emittedAt.delete(id)
  }

  #told([what, rate, pending]: readonly string[]): void {
    if (what === 'set') this.#pace(Number(rate), Number(pending))
    else if (what === 'begin') {
      this.#acked = 0
      this.#latencies = []
    } else if (what === 'end') {
      const sorted = Float64Array.from(this.#latencies).sort()
      const at = (p: number): number => sorted[Math.floor(p * (sorted.length - 1))] ?? 0
      this.#say([this.#acked, at(0.5), at(0.99)].join(' '))
    }
  }

  #pace(rate: number, pending: number): void {
    this.#rate = rate
    this.#pending = pending
    this.#pacedFrom = performance.now()
    this.#paced = 0
  }
}
