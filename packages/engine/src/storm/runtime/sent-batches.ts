import { HeddleError } from '@heddle/core'
import { type Root, failAll } from '../../local/root.ts'
import type { Commands } from './commands.ts'
import type { Destination } from './destination.ts'
import type { SendBatch } from './outbox.ts'
import type { SendPlain } from './plain-tuples.ts'

interface Sent {
  readonly roots: readonly Root[]
  /** Of a batch: the task that it went to. */
  readonly to?: Destination
}

/** The batches and plain tuples of a spout that Storm has neither acked nor failed. */
export class SentBatches {
  readonly #commands: Commands
  readonly #sent = new Map<string, Sent>()
  /** Batches by the task that they went to. */
  readonly #underWay = new Map<Destination, number>()
  #last = 0

  constructor(commands: Commands) {
    this.#commands = commands
  }

  readonly send: SendBatch = (to, records, roots) => {
    const id = String(++this.#last)
    this.#sent.set(id, { roots, to })
    this.#underWay.set(to, this.underWay(to) + 1)
    this.#commands.emit({ id, to, records })
  }

  readonly sendPlain: SendPlain = (tuple, root) => {
    const id = String(++this.#last)
    this.#commands.emitPlain({ id, ...tuple })
    root.hold()
    this.#sent.set(id, { roots: [root] })
  }

  /** How many batches to that task are neither acked nor failed. */
  underWay(to: Destination): number {
    return this.#underWay.get(to) ?? 0
  }

  /** All that came of a batch is done. */
  acked(id: string): void {
    for (const root of this.#take(id)) root.release()
  }

  /** Something of it was not, and nobody says what: each of its events comes again, by itself. */
  failed(id: string): void {
    failAll(this.#take(id), new HeddleError('HEDDLE_TUPLE_TIMEOUT', 'Storm says that it failed'))
  }

  #take(id: string): readonly Root[] {
    const sent = this.#sent.get(id)
    if (!sent) return []
    this.#sent.delete(id)
    if (sent.to) this.#underWay.set(sent.to, this.underWay(sent.to) - 1)
    return sent.roots
  }
}
