import type { RecordInput } from '@heddle/core'
import { frame } from '../../multilang/framing.ts'
import type { EmitMessage } from '../../multilang/messages.ts'
import { encodeBatch } from './batch.ts'
import type { Destination } from './destination.ts'

/** A batch for a task of Storm. */
export interface Batch {
  readonly to: Destination
  readonly records: readonly RecordInput[]
}

/** Takes what is written in one turn, framed. @param emits How many of the messages are tuples. */
export type Post = (commands: string, emits: number) => void

/** Writes the commands of the multilang protocol; those of one turn go together. */
export class Commands {
  readonly #post: Post
  #text = ''
  #emits = 0

  constructor(post: Post) {
    this.#post = post
  }

  /** Of a bolt with `anchors`, the tuples that it came of; of a spout with `id`, which Storm acks or fails. */
  emit({
    to: { stream, place },
    records,
    ...of
  }: Batch & ({ readonly anchors: readonly string[] } | { readonly id: string })): void {
    this.#emits++
    this.#write({
      command: 'emit',
      ...of,
      stream,
      need_task_ids: false,
      tuple: [place, encodeBatch(records)],
    } satisfies EmitMessage)
  }

  ack(id: string): void {
    this.#write({ command: 'ack', id })
  }

  fail(id: string): void {
    this.#write({ command: 'fail', id })
  }

  /** Storm shows it beside the component. */
  error(msg: string): void {
    this.#write({ command: 'error', msg })
  }

  #write(message: object): void {
    if (this.#text === '')
      queueMicrotask(() => {
        const [text, emits] = [this.#text, this.#emits]
        this.#text = ''
        this.#emits = 0
        this.#post(text, emits)
      })
    this.#text += frame(message)
  }
}
