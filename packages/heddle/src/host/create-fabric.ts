import type { IncomingMessage } from 'node:http'
import type { Clock, Connector, Engine, Guard, Log, Principal, Topology, TopologyStatus } from '@heddle/core'
import type { HeddleConfig, HeddleConfigInput } from '../config/config.ts'
import type { UpgradeFlags } from './upgrade-options.ts'

export interface FabricOptions {
  /** What topologies may do to what ran before, when they are started. Default: nothing that drops state. */
  readonly upgrade?: UpgradeFlags
  /**
   * Folders whose topology files may be deployed by `heddle deploy`, which is to run code. Default: those of
   * `config.topologies`.
   */
  readonly deployFrom?: readonly string[]
  /** Started beside those of the files that the configuration names. */
  readonly topologies?: readonly Topology[]
  /** Outside systems beside `http` and `file`; one of the same kind takes their place. */
  readonly connectors?: readonly Connector[]
  /** Asked on every way in and out. Default: all is allowed. */
  readonly guard?: Guard
  /** Who is asking; a throw is answered with 401. Default: everybody is `anonymous`. */
  readonly authenticate?: (request: IncomingMessage) => Principal | Promise<Principal>
  readonly clock?: Clock
  /** Ends a start that waits for the log to be reached. */
  readonly signal?: AbortSignal
}

/** A running fabric: a log, a gateway before it, and an engine with topologies. */
export interface Fabric {
  /** Address of the gateway, such as `http://127.0.0.1:4333`. */
  readonly url: string
  /** Where STOMP is served, such as `127.0.0.1:61613`; `undefined` without `config.stomp`. */
  readonly stomp: string | undefined
  readonly config: HeddleConfig
  /** Yours to use; closed by `close`. */
  readonly log: Log
  readonly engine: Engine
  /** The state of all topologies when it was started. */
  readonly topologies: readonly TopologyStatus[]
  /**
   * Stops in the order of the walk of a message: takes nothing in, lets topologies finish what is under way, closes the
   * log. What does not finish within `config.drainMs` is done after the next start. Calling it again waits for the first.
   */
  close(): Promise<void>
}

/**
 * Starts a fabric in this process; resolves when it serves. While a log elsewhere cannot be reached it waits: the gateway
 * answers meanwhile, publishes with 503, or with 202 where there is a buffer. Reads no environment variables and no configuration file:
 * `loadConfig` of the CLI does.
 *
 * @throws HEDDLE_CONFIG_INVALID, HEDDLE_MODULE_INVALID, HEDDLE_TOPOLOGY_INVALID, HEDDLE_ADDRESS_IN_USE, and the errors of
 * opening a log, or the reason of `options.signal`. What was started by then is stopped again.
 * @example
 * const fabric = await createFabric({ data: './data', http: { port: 0 } }, { topologies: [orders] })
 * console.log(fabric.url)
 * await fabric.close()
 */
export async function createFabric(
  config: HeddleConfigInput = {},
  options: FabricOptions = {},
): Promise<Fabric> {
  const [{ checkConfig }, { startFabric }] = await Promise.all([
    import('../config/load-config.ts'),
    import('./fabric.ts'),
  ])
  return startFabric(await checkConfig(config, process.cwd()), options)
}
