/**
 * Connections to brokers. A broker answers the requests of one connection in turn, so whatever may wait there (a fetch
 * for records, a join for other members) has a lane of its own: one connection a broker and lane.
 *
 * @module
 */
import { type API, Connection, type ConnectionOptions } from '@platformatic/kafka'
import { KafkaError } from '../errors.ts'
import type { Settings } from '../options.ts'
import { connectionOptions, serverName } from './connection-options.ts'
import { answerIn, connectionError } from './wire-error.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

interface OpenConnection {
  readonly connection: Connection
  readonly ready: Promise<void>
  /** It was there: who had not reached the broker has lost nothing. */
  open?: boolean
  /** Why it broke: its requests only hear that it did. */
  failure?: Error
}

export class Connections {
  readonly #settings: Settings
  readonly #options: ConnectionOptions
  readonly #open = new Map<string, OpenConnection>()
  readonly #timeouts = new Map<string, number>()
  readonly #losses = new Map<string, number>()
  readonly #onLoss = new Set<(lane: string) => void>()
  #closed = false

  constructor(settings: Settings) {
    this.#settings = settings
    this.#options = connectionOptions(settings)
  }

  /**
   * Sends a request and gives the answer, whatever error codes are in it.
   * @throws KafkaError when the broker was not reached, or did not answer.
   */
  async request<Arguments extends unknown[], Answer>(
    address: Address,
    lane: string,
    api: API<Arguments, Answer>,
    ...request: Arguments
  ): Promise<Answer> {
    const opened = await this.#get(address, lane)
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, answer?: Answer): void => {
        if (error === null) return resolve(answer as Answer)
        const given = answerIn(error)
        if (given === undefined)
          reject(connectionError(opened.failure ?? error, `${address.host}:${address.port}`))
        else resolve(given as Answer)
      }
      ;(api as unknown as (connection: Connection, ...rest: unknown[]) => void)(
        opened.connection,
        ...request,
        done,
      )
    })
  }

  /** Answers on a lane that is opened from now on may take so long, in ms, where a broker waits for others before it answers. */
  allow(lane: string, requestTimeoutMs: number): void {
    this.#timeouts.set(lane, requestTimeoutMs)
  }

  /** How many connections of a lane have broken, or were closed by a broker. */
  losses(lane: string): number {
    return this.#losses.get(lane) ?? 0
  }

  /** Calls `listener` with the lane whenever a connection is lost; what it gives ends that. */
  onLoss(listener: (lane: string) => void): () => void {
    this.#onLoss.add(listener)
    return () => this.#onLoss.delete(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open.values()].map(({ connection }) => closeQuietly(connection)))
    this.#open.clear()
  }

  /** Closes the connections of a lane. */
  async closeLane(lane: string): Promise<void> {
    const closing: Promise<void>[] = []
    this.#timeouts.delete(lane)
    for (const [name, { connection }] of this.#open) {
      if (!name.startsWith(`${lane} `)) continue
      this.#open.delete(name)
      closing.push(closeQuietly(connection))
    }
    await Promise.all(closing)
  }

  async #get(address: Address, lane: string): Promise<OpenConnection> {
    if (this.#closed) throw new KafkaError('NETWORK_EXCEPTION', 'the log is closed', { retryable: false })
    const name = `${lane} ${address.host}:${address.port}`
    let entry = this.#open.get(name)
    if (entry === undefined) {
      const requestTimeout = this.#timeouts.get(lane) ?? this.#settings.requestTimeoutMs
      const connection = new Connection(this.#settings.clientId, {
        ...this.#options,
        ...serverName(this.#settings, address.host),
        requestTimeout,
      })
      const forget = (): void => {
        if (this.#open.get(name)?.connection !== connection) return
        this.#open.delete(name)
        if (opening.open !== true) return
        this.#losses.set(lane, this.losses(lane) + 1)
        for (const listener of this.#onLoss) listener(lane)
      }
      const opening: OpenConnection = {
        connection,
        ready: connection.connect(address.host, address.port) as Promise<void>,
      }
      connection.on('error', (error) => {
        opening.failure ??= error
        forget()
      })
      connection.on('close', forget)
      this.#open.set(name, opening)
      entry = opening
    }
    try {
      await entry.ready
      entry.open = true
    } catch (error) {
      if (this.#open.get(name) === entry) this.#open.delete(name)
      throw connectionError(error, `${address.host}:${address.port}`)
    }
    if (this.#closed) {
      await closeQuietly(entry.connection)
      throw new KafkaError('NETWORK_EXCEPTION', 'the log is closed', { retryable: false })
    }
    return entry
  }
}

async function closeQuietly(connection: Connection): Promise<void> {
  try {
    await connection.close()
  } catch {
    // It is of no more use either way.
  }
}
