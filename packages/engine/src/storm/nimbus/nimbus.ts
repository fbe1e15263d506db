import { type Clock, HeddleError, errorMessage, sleep, systemClock } from '@heddle/core'
import { ThriftException } from '../thrift/message.ts'
import { type Address, Connection } from './connection.ts'
import { type ArgsOf, type MethodName, type ResultOf, methods } from './methods.ts'
import { nimbusError } from './nimbus-error.ts'

export interface NimbusOptions {
  /** Some Nimbus of the cluster; the one that leads is found from there. */
  readonly seeds: readonly Address[]
  /** How long connecting, and each call, may take, in milliseconds. Default 30 s: Nimbus is slow while it takes over. */
  readonly timeoutMs?: number
  /**
   * How long a Nimbus that was there, and is not any more, is waited for with calls that may be repeated, in milliseconds. Default
   * 90 s: one that is started again leads when ZooKeeper has given up the session of the former, after 20 s, and takes some seconds
   * to boot.
   */
  readonly patienceMs?: number
  /** Between two attempts, in milliseconds. Default 250. */
  readonly pollMs?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** How often a read is repeated that Nimbus failed at: it trips over topologies that come and go meanwhile. */
const maxFailures = 3

/** How much of a file goes with one call, in bytes: what Storm's own client sends. */
const chunkBytes = 300 * 1024

/** An entry of an access list: all others, to read, write and administrate. */
const everybody = { type: 1, access: 1 | 2 | 4 } as const

/** Asks the Nimbus that leads; when it does not answer, the others, for which one leads now. */
export class Nimbus {
  readonly #seeds: readonly Address[]
  readonly #timeoutMs: number
  readonly #patienceMs: number
  readonly #pollMs: number
  readonly #clock: Clock
  #leader: Promise<Connection> | undefined
  /** One has answered: so what is not there now was there. */
  #met = false

  constructor(options: NimbusOptions) {
    const { seeds, timeoutMs = 30_000, patienceMs = 90_000, pollMs = 250, clock = systemClock } = options
    this.#seeds = seeds
    this.#timeoutMs = timeoutMs
    this.#patienceMs = patienceMs
    this.#pollMs = pollMs
    this.#clock = clock
  }

  /**
   * Calls a method of the leader. What only reads, or was not sent, is tried again on whoever leads then, as long as the patience
   * lasts. An address where no Nimbus ever answered is reported at once.
   *
   * @throws HEDDLE_ENGINE_UNAVAILABLE when no Nimbus answers or none leads; what the exceptions of the method stand for, see
   * `nimbusError`.
   */
  async call<M extends MethodName>(method: M, args: ArgsOf<M>): Promise<ResultOf<M>> {
    const until = this.#clock.now() + this.#patienceMs
    for (let attempt = 1, failures = 0; ; attempt++) {
      try {
        return await this.#callOnce(method, args)
      } catch (error) {
        const reads = method.startsWith('get')
        const again =
          error instanceof Lost
            ? (reads || error.notSent) && this.#met
            : reads && error instanceof ThriftException && ++failures < maxFailures
        if (!again || this.#clock.now() >= until) throw told(error, method)
      }
      // Another one may lead already.
      if (attempt > 1) await sleep(this.#clock, this.#pollMs)
    }
  }

  /** Uploads a file, and says where it is: for `submitTopology`. */
  async upload(file: Uint8Array): Promise<string> {
    const location = await this.call('beginFileUpload', {})
    for (let at = 0; at < file.length; at += chunkBytes)
      await this.call('uploadChunk', { location, chunk: file.subarray(at, at + chunkBytes) })
    await this.call('finishFileUpload', { location })
    return location
  }

  /** Uploads a file under a key, for all who may use the cluster; nobody may have used the key. */
  async createBlob(key: string, file: Uint8Array): Promise<void> {
    const session = await this.call('beginCreateBlob', { key, meta: { acl: [everybody] } })
    for (let at = 0; at < file.length; at += chunkBytes)
      await this.call('uploadBlobChunk', { session, chunk: file.subarray(at, at + chunkBytes) })
    await this.call('finishBlobUpload', { session })
  }

  async close(): Promise<void> {
    const leader = await this.#leader?.catch(() => undefined)
    this.#leader = undefined
    leader?.close()
  }

  async #callOnce<M extends MethodName>(method: M, args: ArgsOf<M>): Promise<ResultOf<M>> {
    this.#leader ??= this.#findLeader()
    const leader = await this.#leader.catch((error: unknown) => {
      this.#leader = undefined
      throw error
    })
    if (leader.closed) {
      this.#leader = undefined
      throw new Lost('the connection was closed', true)
    }
    const { args: type, reply } = methods[method]
    let answer: Readonly<Record<string, unknown>>
    try {
      answer = await leader.call(method, type as never, args as never, reply)
    } catch (error) {
      if (error instanceof ThriftException) throw error
      leader.close()
      this.#leader = undefined
      throw new Lost(`${method}: ${errorMessage(error)}`, false, error)
    }
    const { result, ...exceptions } = answer
    const [exception] = Object.entries(exceptions)
    if (exception) throw nimbusError(exception[0], (exception[1] as { readonly msg: string }).msg)
    return result as ResultOf<M>
  }

  /** Asks one seed after the other who leads, and connects there. */
  async #findLeader(): Promise<Connection> {
    const failures: string[] = []
    for (const seed of this.#seeds) {
      const where = `${seed.host}:${seed.port}`
      let connection: Connection | undefined
      try {
        connection = await Connection.open(seed, this.#timeoutMs)
        const { args, reply } = methods.getLeader
        const { result, AuthorizationException: refused } = await connection.call(
          'getLeader',
          args,
          {},
          reply,
        )
        this.#met = true
        if (refused) throw nimbusError('AuthorizationException', refused.msg)
        if (!result) throw new Error('it names no leader')
        if (result.host === seed.host && result.port === seed.port) return connection
        connection.close()
        return await Connection.open(result, this.#timeoutMs)
      } catch (error) {
        connection?.close()
        if (error instanceof HeddleError) throw error
        failures.push(`${where}: ${errorMessage(error)}`)
      }
    }
    throw new Lost(failures.join('; '), true)
  }
}

/** Whether the call was done is not known, or it was not even sent. */
class Lost extends Error {
  readonly notSent: boolean

  constructor(message: string, notSent: boolean, cause?: unknown) {
    super(message, { cause })
    this.notSent = notSent
  }
}

function told(error: unknown, method: string): unknown {
  if (error instanceof ThriftException)
    return new HeddleError('HEDDLE_ENGINE_UNAVAILABLE', `Nimbus failed at ${method}: ${error.message}`, {
      cause: error,
    })
  if (error instanceof Lost)
    return new HeddleError('HEDDLE_ENGINE_UNAVAILABLE', error.message, { cause: error })
  return error
}
