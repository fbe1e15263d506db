import { HeddleError } from '@heddle/core'
import { type Root, failAll } from '../../local/root.ts'
import type { Commands } from './commands.ts'
import type { SendBatch } from './outbox.ts'
import type { SendPlain } from './plain-tuples.ts'

/** The batches and plain tuples of a spout that Storm has neither acked nor failed. */
export class SentBatches {
  readonly #commands: Commands
  readonly #sent = new Map<string, readonly Root[]>()
  #last = 0

  constructor(commands: Commands) {
    this.#commands = commands
  }

  readonly send: SendBatch = (to, records, roots) => {
    const id = String(++this.#last)
    this.#sent.set(id, roots)
    this.#commands.emit({ id, to, records })
  }

  readonly sendPlain: SendPlain = (tuple, root) => {
    const id = String(++this.#last)
    this.#commands.emitPlain({ id, ...tuple })
    root.hold()
    this.#sent.set(id, [root])
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
    const roots = this.#sent.get(id) ?? []
    this.#sent.delete(id)
    return roots
  }
}
