import {
  type Clock,
  type DeployOptions,
  type Deployed,
  type Engine,
  type EngineFeatures,
  HeddleError,
  type KillOptions,
  type RebalanceOptions,
  type StatePage,
  type StateQuery,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  type TopologyStatus,
  type TopologyVersion,
  type UpgradeOptions,
  errorMessage,
  isHeddleError,
  systemClock,
} from '@heddle/core'
import { purge } from '../local/purge.ts'
import { planUpgrade, refuse } from '../local/upgrade.ts'
import { type ThreadEngineOptions, type ThreadSettings, withDefaults } from './options.ts'
import { ThreadDeployment } from './thread-deployment.ts'
import { setFlagsForThreads } from './v8-flags.ts'

/**
 * An engine that runs each topology in threads of its own. One that loops, eats memory or ends its process takes nothing else
 * with it: its thread is ended, reported, and started again.
 *
 * @example
 * const engine = threadEngine({ log, here: localEngine({ log }), entry: new URL('thread.ts', import.meta.url), locate: ({ name }) => paths.get(name) })
 */
export function threadEngine(options: ThreadEngineOptions): Engine {
  return new ThreadEngine(options)
}

class ThreadEngine implements Engine {
  readonly features: EngineFeatures
  readonly #options: ThreadEngineOptions
  readonly #settings: ThreadSettings
  readonly #clock: Clock
  readonly #here: Engine
  readonly #deployments = new Map<string, ThreadDeployment>()
  /**
   * Topologies that run in this thread since another version of them did not start: where they were, there is other code now.
   * The next version that starts gets threads again.
   */
  readonly #sheltered = new Map<string, Topology>()

  constructor(options: ThreadEngineOptions) {
    setFlagsForThreads()
    this.#options = options
    this.#settings = withDefaults(options)
    this.#clock = options.clock ?? systemClock
    this.#here = options.here
    this.features = options.here.features
  }

  async submit(topology: Topology, options: UpgradeOptions = {}): Promise<TopologyStatus> {
    const { name } = topology
    const place = this.#options.locate(topology)
    const elsewhere = (await this.#here.list()).some((each) => each.name === name)
    if (this.#deployments.has(name) || elsewhere)
      throw new HeddleError('HEDDLE_ENGINE_TOPOLOGY_EXISTS', `'${name}'`)
    if (place === undefined) return this.#here.submit(topology, options)
    const deployment = new ThreadDeployment(topology, place, this.#options.log, this.#clock, this.#settings)
    this.#deployments.set(name, deployment)
    try {
      await deployment.start(options)
    } catch (error) {
      this.#deployments.delete(name)
      throw error
    }
    return deployment.status
  }

  async deploy(
    topology: Topology,
    { dryRun = false, waitMs = this.#settings.drainMs, ...options }: DeployOptions = {},
  ): Promise<Deployed> {
    const { name, plan } = topology
    const running = this.#deployments.get(name)
    const place = this.#options.locate(topology)
    if (running && place === undefined)
      throw new HeddleError(
        'HEDDLE_ENGINE_UNSUPPORTED',
        `'${name}' runs in threads, and this version of it is of no file`,
      )
    const sheltered = this.#sheltered.get(name)
    const isHere = !running && !sheltered && (await this.#here.list()).some((each) => each.name === name)
    if (place === undefined || isHere) return this.#here.deploy(topology, { dryRun, waitMs, ...options })
    const { diff } = await planUpgrade(this.#options.log, plan, options)
    if (dryRun) return { diff, status: running?.status }
    // What can be refused now is refused before anything is stopped.
    if (diff) refuse(diff)
    if (sheltered) return { diff, status: await this.#leaveShelter(topology, sheltered, options, waitMs) }
    if (!running) return { diff, status: await this.submit(topology, options) }
    const { state } = running.status
    const before = running.topology
    try {
      await running.replace(topology, place, options, waitMs)
    } catch (error) {
      if (running.idle) {
        this.#deployments.delete(name)
        await this.#shelter(before)
        if (state === 'inactive') await this.#here.deactivate(name)
      }
      throw error
    }
    return { diff, status: running.status }
  }

  async #shelter(topology: Topology): Promise<void> {
    await this.#here.submit(topology)
    this.#sheltered.set(topology.name, topology)
  }

  async #leaveShelter(
    topology: Topology,
    before: Topology,
    options: UpgradeOptions,
    waitMs: number,
  ): Promise<TopologyStatus> {
    const { name } = topology
    await this.kill(name, { waitMs })
    try {
      return await this.submit(topology, options)
    } catch (error) {
      await this.#shelter(before)
      if (isHeddleError(error, 'HEDDLE_UPGRADE_INCOMPATIBLE')) throw error
      throw new HeddleError('HEDDLE_UPGRADE_FAILED', `'${name}': ${errorMessage(error)}`, { cause: error })
    }
  }

  history(name: string): Promise<readonly TopologyVersion[]> {
    return this.#here.history(name)
  }

  async list(): Promise<readonly TopologyStatus[]> {
    return [...[...this.#deployments.values()].map(({ status }) => status), ...(await this.#here.list())]
  }

  async describe(name: string): Promise<TopologyDescription> {
    return this.#deployments.get(name)?.describe() ?? this.#here.describe(name)
  }

  async activate(name: string): Promise<void> {
    await (this.#deployments.get(name)?.activate() ?? this.#here.activate(name))
  }

  async deactivate(name: string): Promise<void> {
    await (this.#deployments.get(name)?.deactivate() ?? this.#here.deactivate(name))
  }

  async rebalance(
    name: string,
    parallelism: Readonly<Record<string, number>>,
    options: RebalanceOptions = {},
  ): Promise<void> {
    const deployment = this.#deployments.get(name)
    await (deployment?.rebalance(parallelism, options.threads) ??
      this.#here.rebalance(name, parallelism, options))
  }

  async state(name: string, query: StateQuery): Promise<StatePage> {
    return this.#deployments.get(name)?.state(query) ?? this.#here.state(name, query)
  }

  async kill(
    name: string,
    { waitMs = this.#settings.drainMs, purge: purges = false }: KillOptions = {},
  ): Promise<void> {
    const deployment = this.#deployments.get(name)
    this.#sheltered.delete(name)
    if (!deployment) return this.#here.kill(name, { waitMs, purge: purges })
    await deployment.kill(waitMs)
    if (this.#deployments.get(name) === deployment) this.#deployments.delete(name)
    if (purges) await purge(this.#options.log, name)
  }

  async metrics(name: string): Promise<TopologyMetrics> {
    return this.#deployments.get(name)?.metrics() ?? this.#here.metrics(name)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#deployments.keys()].map((name) => this.kill(name)))
    await this.#here.close()
  }
}
