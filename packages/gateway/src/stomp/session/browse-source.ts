/**
 * A look at a queue: what was in it when it began, and then a message without a body that says `browser:end`, as in ActiveMQ.
 *
 * @module
 */
import type { Browsed, SignalLike } from '@heddle/core'
import { noBody } from '../frame/frame.ts'
import { type Message, messageIn } from '../message/message.ts'
import type { Given, Source } from './source.ts'

export interface BrowseSourceOptions {
  readonly messages: AsyncIterable<Browsed>
  readonly wants: (message: Message) => boolean
  /** As the client wrote it. */
  readonly destination: string
  /** Name of the queue, when it has messages of other topics than its own. */
  readonly queue: string | undefined
}

export class BrowseSource implements Source {
  readonly #options: BrowseSourceOptions
  readonly #messages: AsyncIterator<Browsed>
  #ended = false

  constructor(options: BrowseSourceOptions) {
    this.#options = options
    this.#messages = options.messages[Symbol.asyncIterator]()
  }

  async next(max: number, signal: SignalLike): Promise<readonly Given[]> {
    if (this.#ended) {
      if (!signal.aborted) await new Promise<void>((end) => signal.addEventListener('abort', () => end()))
      return []
    }
    const { destination, queue, wants } = this.#options
    const given: Given[] = []
    while (given.length < max && !signal.aborted) {
      const next = await this.#messages.next()
      if (next.done === true) {
        this.#ended = true
        given.push({ message: endOf(destination), lease: undefined, last: true })
        break
      }
      const { publishedAt: timestamp, ...place } = next.value
      const message = messageIn(next.value.event, { ...place, timestamp, redelivered: false }, queue)
      if (wants(message)) given.push({ message, lease: undefined })
    }
    return given
  }

  /** Nothing was taken. */
  async settle(): Promise<readonly string[]> {
    return []
  }

  async close(): Promise<void> {
    await this.#messages.return?.()
  }
}

function endOf(destination: string): Message {
  const headers = new Map([
    ['message-id', '0'],
    ['destination', destination],
    ['browser', 'end'],
  ])
  return { id: '0', headers, body: noBody }
}
