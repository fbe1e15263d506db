/**
 * Temporary destinations of one connection: for answers, and gone with it.
 *
 * A client names one `/temp-queue/x` or `/temp-topic/x`; others are told `/remote-temp-queue/ID:…` in `reply-to`, and send there.
 * The messages go through one topic of the log that all processes share, so that who answers may be connected to another one.
 *
 * @module
 */
import type { ServerContext } from '../context.ts'
import type { Destination } from '../destination/destination.ts'
import type { Frame } from '../frame/frame.ts'
import { type Positions, positionsOf } from './live-source.ts'
import { temporaryTopic } from './topics.ts'

export interface Temporary {
  /** As the client calls it. */
  readonly local: string
  /** As others call it. */
  readonly remote: string
  /** Up to where its messages were read. */
  positions: Positions | undefined
}

const grammar = /^\/temp-(queue|topic)\/.+$/s

export class Temporaries {
  readonly #session: string
  readonly #byLocal = new Map<string, Temporary>()
  readonly #byRemote = new Map<string, Temporary>()
  #began: Promise<void> | undefined

  constructor(session: string) {
    this.#session = session
  }

  /** The temporary destination of that text, made when it is new; `undefined` when it is the text of something else. */
  find(text: string): Temporary | undefined {
    const kind = grammar.exec(text)?.[1]
    if (kind === undefined) return undefined
    let one = this.#byLocal.get(text)
    if (!one) {
      one = {
        local: text,
        remote: `/remote-temp-${kind}/ID:${this.#session}:${this.#byLocal.size + 1}`,
        positions: undefined,
      }
      this.#byLocal.set(text, one)
      this.#byRemote.set(one.remote, one)
    }
    return one
  }

  /** What a message to it is marked with; `undefined` for a destination that is not temporary. */
  remoteOf({ kind, text }: Destination): string | undefined {
    if (kind.startsWith('remote-temp-')) return text
    return this.find(text)?.remote
  }

  /** Makes sure that what is sent to those that were found is read from here on. */
  async begin({ options, topics }: ServerContext): Promise<void> {
    const begin = async (): Promise<void> => {
      await topics.ensure(temporaryTopic)
      const fresh = [...this.#byLocal.values()].filter(({ positions }) => !positions)
      if (fresh.length === 0) return
      const now = await positionsOf(options.log, [temporaryTopic], 'latest')
      for (const one of fresh)
        one.positions ??= new Map(Array.from(now, ([topic, partitions]) => [topic, new Map(partitions)]))
    }
    this.#began = (this.#began ?? Promise.resolve()).then(begin, begin)
    await this.#began
  }

  /** A frame as this client knows its temporary destinations. */
  localise(frame: Frame): Frame {
    if (this.#byRemote.size === 0) return frame
    let headers: Map<string, string> | undefined
    for (const name of ['destination', 'reply-to']) {
      const own = this.#byRemote.get(frame.headers.get(name) ?? '')
      if (own) (headers ??= new Map(frame.headers)).set(name, own.local)
    }
    return headers ? { ...frame, headers } : frame
  }
}
