import type { Connector, Event } from '@heddle/core'

/** Stands for an outside system: keeps what it is given, by order of delivery. */
export class Capture implements Connector {
  readonly kind: string
  readonly sent: Event[] = []
  /** Called for each event before it is taken; a throw refuses it. */
  refuse: ((event: Event) => void) | undefined

  constructor(kind: string) {
    this.kind = kind
  }

  async openSink(): ReturnType<Connector['openSink']> {
    return {
      maxBatch: 1,
      concurrency: 1,
      write: async ([event]) => {
        this.refuse?.(event!)
        this.sent.push(event!)
        return undefined
      },
      close: async () => {},
    }
  }
}
