import { createHash } from 'node:crypto'

/** What crossed in one direction of one destination, and whether it arrived as it was. */
export interface ParityReport {
  readonly destination: string
  readonly direction: Direction
  /** Messages that the source gave, without those that it gave again. */
  readonly received: number
  /** Of those, the ones whose receipt the target gave. */
  readonly sent: number
  /** Given, and without a receipt yet. 0 when all has crossed. */
  readonly missing: number
  /** Given again by the source, and not sent twice. */
  readonly duplicates: number
  /** Topics: seen at the target with the same payload; with another one; more than once. */
  readonly verified: number
  readonly differing: number
  readonly twice: number
  /** From the receipt of one to that of the other side, in milliseconds, over the last 1,000. */
  readonly latencyMs: { readonly p50: number; readonly p99: number }
  /** Of all payloads that were sent, in any order: XOR of their SHA-256. */
  readonly payloads: string
}

export type Direction = 'to-heddle' | 'to-activemq'

/** Ids of messages that crossed, kept to know those that come again. 100,000: far more than are given and not acknowledged. */
const maxIds = 100_000

/** Latencies that are kept. */
const maxLatencies = 1_000

/** Keeps account of one direction of one destination. */
export class Parity {
  readonly destination: string
  readonly direction: Direction
  /** Payload hashes of what crossed, by id; `undefined` while there is no receipt. */
  readonly #crossed = new Map<string, string | undefined>()
  readonly #seen = new Set<string>()
  readonly #latencies: number[] = []
  readonly #payloads = Buffer.alloc(32)
  #received = 0
  #sent = 0
  #duplicates = 0
  #verified = 0
  #differing = 0
  #twice = 0

  constructor(destination: string, direction: Direction) {
    this.destination = destination
    this.direction = direction
  }

  /** The source gave it. @returns What to do: send it, acknowledge it since it crossed before, or wait since it is on its way. */
  received(id: string): 'send' | 'done' | 'under-way' {
    if (this.#crossed.has(id)) {
      this.#duplicates++
      return this.#crossed.get(id) === undefined ? 'under-way' : 'done'
    }
    this.#received++
    this.#crossed.set(id, undefined)
    // The oldest: a map keeps them in their order.
    for (const oldest of this.#crossed.keys()) {
      if (this.#crossed.size <= maxIds) break
      this.#crossed.delete(oldest)
      this.#seen.delete(oldest)
    }
    return 'send'
  }

  /** The target has it, for good. */
  sent(id: string, body: Uint8Array, latencyMs: number): void {
    const hash = createHash('sha256').update(body).digest()
    this.#sent++
    this.#crossed.set(id, hash.toString('hex'))
    for (const [at, byte] of hash.entries()) this.#payloads[at] = this.#payloads[at]! ^ byte
    this.#latencies[this.#sent % maxLatencies] = latencyMs
  }

  /** It was not taken: the source gives it again. */
  failed(id: string): void {
    this.#received--
    this.#crossed.delete(id)
  }

  /** A subscriber of the target was given it. */
  seen(id: string, body: Uint8Array): void {
    if (this.#seen.has(id)) return void this.#twice++
    this.#seen.add(id)
    const sent = this.#crossed.get(id)
    // It may be there before its receipt; what another bridge of that name sent before is nobody's here.
    if (!this.#crossed.has(id)) return
    const hash = createHash('sha256').update(body).digest('hex')
    if (sent === undefined || sent === hash) this.#verified++
    else this.#differing++
  }

  get report(): ParityReport {
    const sorted = Float64Array.from(this.#latencies.filter((ms) => ms !== undefined)).sort()
    const at = (share: number): number =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
    return {
      destination: this.destination,
      direction: this.direction,
      received: this.#received,
      sent: this.#sent,
      missing: this.#received - this.#sent,
      duplicates: this.#duplicates,
      verified: this.#verified,
      differing: this.#differing,
      twice: this.#twice,
      latencyMs: { p50: at(0.5), p99: at(0.99) },
      payloads: this.#payloads.toString('hex'),
    }
  }
}
