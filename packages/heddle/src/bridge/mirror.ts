import { type HeddleError, isHeddleError } from '@heddle/core'
import type { Frame } from '@heddle/gateway/stomp'
import type { BrokerConnection } from './broker-connection.ts'
import { type Direction, Parity } from './parity.ts'

/** Header of what a bridge sent, with its name. Where it goes both ways, nothing that has one crosses again. */
const bridgeHeader = 'heddleBridge'

/** Header with the id that the message had where it came from. */
const idHeader = 'heddleBridgeId'

/** Messages that are on their way at a time. 100: enough to share syncs of the disk, and few to come again after a crash. */
const prefetch = '100'

/** What is about one broker, and not about the message. */
const notPassedOn = new Set(['destination', 'message-id', 'subscription', 'ack', 'redelivered', 'receipt'])

export interface Ends {
  readonly source: BrokerConnection
  readonly target: BrokerConnection
}

/**
 * One direction of one destination. A message is acknowledged at its source when the target has given a receipt for it, so that
 * none is lost; what the source gives again is not sent twice.
 */
export class Mirror {
  readonly parity: Parity
  readonly #name: string
  readonly #refused: (error: HeddleError) => void
  /** What is taken of the source. */
  readonly #selector: string | undefined
  readonly #crossing = new Set<Promise<void>>()
  #paused = false
  #lastAt = performance.now()

  /**
   * @param name Of the bridge.
   * @param bothWays The other direction is mirrored as well.
   * @param refused Called when the target does not take a message.
   */
  constructor(
    name: string,
    destination: string,
    direction: Direction,
    bothWays: boolean,
    refused: (error: HeddleError) => void,
  ) {
    this.parity = new Parity(destination, direction)
    this.#name = name
    this.#selector = bothWays ? `${bridgeHeader} IS NULL` : undefined
    this.#refused = refused
  }

  get #isTopic(): boolean {
    return this.parity.destination.startsWith('/topic/')
  }

  /** Name of the durable subscription that keeps what a topic has while the bridge is away. */
  get #durable(): string | undefined {
    return this.#isTopic ? `${this.#name}.${this.parity.destination.slice('/topic/'.length)}` : undefined
  }

  /** Begins, and goes on until a connection ends. */
  async start({ source, target }: Ends): Promise<void> {
    const { destination, direction } = this.parity
    this.#lastAt = performance.now()
    this.#paused = false
    if (this.#isTopic) {
      const selector = `${bridgeHeader} = '${this.#name}'`
      await target.subscribe({ destination, selector, ack: 'auto' }, ({ body, headers }) =>
        this.parity.seen(headers.get(idHeader) ?? '', body),
      )
    }
    await source.subscribe(
      {
        destination,
        ack: 'client-individual',
        selector: this.#selector,
        'activemq.prefetchSize': prefetch,
        'activemq.subscriptionName': this.#durable,
        // ActiveMQ gives maps of JMS without a body to who does not ask for a form.
        transformation: direction === 'to-heddle' ? 'jms-map-json' : undefined,
      },
      (message) => {
        const crossing = this.#cross({ source, target }, message)
        this.#crossing.add(crossing)
        void crossing.finally(() => this.#crossing.delete(crossing))
      },
    )
  }

  /** Takes nothing more; resolves when what is on its way has crossed. */
  async pause(): Promise<void> {
    this.#paused = true
    await Promise.all(this.#crossing)
  }

  /** Whether nothing is on its way, nothing has come for `quietMs`, and nothing waits at the source. */
  async isEmpty({ source }: Ends, quietMs: number): Promise<boolean> {
    if (this.parity.report.missing > 0 || performance.now() - this.#lastAt < quietMs) return false
    if (this.#isTopic) return true
    const { destination } = this.parity
    const first = Promise.withResolvers<Frame>()
    const look = { destination, browser: 'true', selector: this.#selector }
    await source.subscribe(look, first.resolve)
    const { headers } = await Promise.race([
      first.promise,
      source.ended.then((error) => Promise.reject(error)),
    ])
    return headers.get('browser') === 'end'
  }

  /** Ends the durable subscription: what comes from now on is not kept for the bridge. */
  async forget({ source }: Ends): Promise<void> {
    if (this.#durable !== undefined) await source.unsubscribe(this.#durable)
  }

  async #cross({ source, target }: Ends, message: Frame): Promise<void> {
    if (this.#paused) return
    const id = message.headers.get('message-id') ?? ''
    const began = (this.#lastAt = performance.now())
    const what = this.parity.received(id)
    if (what === 'under-way') return
    if (what === 'done') return source.ack(message)
    try {
      await target.ask('SEND', this.#headersOf(message, id), message.body)
      this.parity.sent(id, message.body, performance.now() - began)
      source.ack(message)
    } catch (error) {
      this.parity.failed(id)
      // When a connection has ended, the source gives it again.
      if (isHeddleError(error, 'HEDDLE_BRIDGE_REFUSED')) this.#refused(error)
    }
  }

  #headersOf({ body, headers }: Frame, id: string): Record<string, string> {
    const { destination, direction } = this.parity
    const all: Record<string, string> = {}
    for (const [name, value] of headers) if (!notPassedOn.has(name)) all[name] = value
    // The STOMP door of Heddle drops one that it has by that id. One that was there, went back, and comes again is another.
    if (direction === 'to-heddle' && (!headers.has('ce-id') || headers.has(bridgeHeader)))
      Object.assign(all, { 'ce-id': id, 'ce-source': '/activemq' })
    // Temporary destinations are of one broker.
    if (/^\/(remote-)?temp-/.test(all['reply-to'] ?? '')) delete all['reply-to']
    // ActiveMQ says so of any text when a form of maps was asked for.
    if (direction === 'to-heddle' && !Buffer.from(body.subarray(0, 7)).equals(Buffer.from('{"map":')))
      delete all['transformation']
    return { ...all, destination, persistent: 'true', [bridgeHeader]: this.#name, [idHeader]: id }
  }
}
