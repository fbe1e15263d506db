import type { RecordInput } from '@heddle/core'
import { frame } from '../../multilang/framing.ts'
import type { EmitMessage } from '../../multilang/messages.ts'
import { encodeBatch } from './batch.ts'
import type { Destination } from './destination.ts'
import { type News, timesStream } from './news.ts'
import type { PlainTuple } from './plain-tuples.ts'

/** A batch for a task of Storm. */
export interface Batch {
  readonly to: Destination
  readonly records: readonly RecordInput[]
}

/** Of a bolt `anchors`, the tuples that it came of; of a spout `id`, which Storm acks or fails. */
type Of = { readonly anchors: readonly string[] } | { readonly id: string }

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

  emit({ to: { stream, place }, records, ...of }: Batch & Of): void {
    this.#emit({ ...of, stream, tuple: [place, encodeBatch(records)] })
  }

  /** @throws TypeError for values that JSON cannot have. */
  emitPlain({ stream, values, ...of }: PlainTuple & Of): void {
    this.#emit({ ...of, stream, tuple: values })
  }

  /** Of a spout: past the tuples, and nobody hears whether it has come. */
  news(news: News): void {
    const tuple = [JSON.stringify(news)]
    this.#write({
      command: 'emit',
      need_task_ids: false,
      stream: timesStream,
      tuple,
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

  #emit(message: Omit<EmitMessage, 'command'>): void {
    this.#write({ command: 'emit', need_task_ids: false, ...message } satisfies EmitMessage)
    this.#emits++
  }

  #write(message: object): void {
    const framed = frame(message)
    if (this.#text === '')
      queueMicrotask(() => {
        const [text, emits] = [this.#text, this.#emits]
        this.#text = ''
        this.#emits = 0
        this.#post(text, emits)
      })
    this.#text += framed
  }
}
