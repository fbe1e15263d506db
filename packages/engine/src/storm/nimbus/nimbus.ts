import { HeddleError, errorMessage } from '@heddle/core'
import { ThriftException } from '../thrift/message.ts'
import { type Address, Connection } from './connection.ts'
import { type ArgsOf, type MethodName, type ResultOf, methods } from './methods.ts'
import { nimbusError } from './nimbus-error.ts'

export interface NimbusOptions {
  /** Some Nimbus of the cluster; the one that leads is found from there. */
  readonly seeds: readonly Address[]
  /** How long connecting, and each call, may take, in milliseconds. Default 30 s: Nimbus is slow while it takes over. */
  readonly timeoutMs?: number
}

/** How much of a file goes with one call, in bytes: what Storm's own client sends. */
const chunkBytes = 300 * 1024

/** Asks the Nimbus that leads; when it does not answer, the others, for which one leads now. */
export class Nimbus {
  readonly #seeds: readonly Address[]
  readonly #timeoutMs: number
  #leader: Promise<Connection> | undefined

  constructor({ seeds, timeoutMs = 30_000 }: NimbusOptions) {
    this.#seeds = seeds
    this.#timeoutMs = timeoutMs
  }

  /**
   * Calls a method of the leader. What only reads is tried once more, on whoever leads then.
   *
   * @throws HEDDLE_ENGINE_UNAVAILABLE when no Nimbus answers or none leads; what the exceptions of the method stand for, see
   * `nimbusError`.
   */
  async call<M extends MethodName>(method: M, args: ArgsOf<M>): Promise<ResultOf<M>> {
    try {
      return await this.#callOnce(method, args)
    } catch (error) {
      if (!(error instanceof Lost) || !(method.startsWith('get') || error.notSent)) throw told(error)
    }
    try {
      return await this.#callOnce(method, args)
    } catch (error) {
      throw told(error)
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
      if (error instanceof ThriftException)
        throw new HeddleError('HEDDLE_ENGINE_UNAVAILABLE', `Nimbus failed at ${method}: ${error.message}`, {
          cause: error,
        })
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

const told = (error: unknown): unknown =>
  error instanceof Lost
    ? new HeddleError('HEDDLE_ENGINE_UNAVAILABLE', error.message, { cause: error })
    : error
