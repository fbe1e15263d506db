import { HeddleError } from '@heddle/core'
import type { StompLimits } from '../limits.ts'
import type { Outgoing } from './publisher.ts'
import type { Held } from './subscription.ts'

/** What is done when a transaction is committed. */
export interface OpenTransaction {
  readonly sends: Outgoing[]
  readonly settled: { readonly held: readonly Held[]; readonly as: 'ack' | 'refuse' }[]
  /** SENDs that are not ready to be published yet, such as those whose topic is being made. */
  readonly preparing: Promise<void>[]
}

/** The open transactions of one connection, by the client's names. */
export class Transactions {
  readonly #limits: StompLimits
  readonly #open = new Map<string, OpenTransaction>()
  #bytes = 0

  constructor(limits: StompLimits) {
    this.#limits = limits
  }

  /** @throws HEDDLE_STOMP_COMMAND_INVALID, HEDDLE_STOMP_FRAME_TOO_LARGE */
  begin(name: string | undefined): void {
    if (name === undefined) throw invalid('BEGIN has no transaction header')
    if (this.#open.has(name)) throw invalid(`transaction '${name}' has begun already`)
    const { maxTransactions } = this.#limits
    if (this.#open.size >= maxTransactions)
      throw invalid(`${maxTransactions} transactions are open already (maxTransactions)`)
    this.#open.set(name, { sends: [], settled: [], preparing: [] })
  }

  /** The transaction that a frame belongs to, if it names one. @throws HEDDLE_STOMP_COMMAND_INVALID */
  of(name: string | undefined): OpenTransaction | undefined {
    if (name === undefined) return undefined
    const open = this.#open.get(name)
    if (!open) throw invalid(`there is no transaction '${name}'`)
    return open
  }

  /** Counts a body that is held until the commit. @throws HEDDLE_STOMP_COMMAND_INVALID */
  add(bytes: number): void {
    const { maxTransactionBytes } = this.#limits
    if (this.#bytes + bytes > maxTransactionBytes)
      throw invalid(
        `open transactions would hold more than ${maxTransactionBytes} bytes (maxTransactionBytes)`,
      )
    this.#bytes += bytes
  }

  /** Takes it out, to be committed or aborted. @throws HEDDLE_STOMP_COMMAND_INVALID */
  end(command: string, name: string | undefined): OpenTransaction {
    if (name === undefined) throw invalid(`${command} has no transaction header`)
    const open = this.of(name)!
    this.#open.delete(name)
    this.#bytes -= open.sends.reduce((sum, { bytes }) => sum + bytes, 0)
    return open
  }
}

const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', detail)
