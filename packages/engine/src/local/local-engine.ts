import {
  type DeployOptions,
  type Deployed,
  type Engine,
  type EngineFeatures,
  HeddleError,
  type KillOptions,
  type Log,
  type RebalanceOptions,
  type StatePage,
  type StateQuery,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  type TopologyStatus,
  type TopologyVersion,
  type UpgradeOptions,
  didYouMean,
} from '@heddle/core'
import { Deployment } from './deployment.ts'
import { checkOperators } from './network.ts'
import { type LocalEngineOptions, type Settings, withDefaults } from './options.ts'
import { readVersions } from './plan-record.ts'
import { purge } from './purge.ts'
import { queryState } from './query-state.ts'
import { planUpgrade, refuse } from './upgrade.ts'

const features: EngineFeatures = {
  guarantees: ['at-least-once', 'exactly-once'],
  rebalance: true,
  ticks: true,
  upgrades: true,
}

/**
 * An engine that runs topologies in this process, at least once or exactly once, on a log.
 *
 * @example
 * const log = await openEmbeddedLog({ path: './data' })
 * const engine = localEngine({ log })
 * await engine.submit(topology('shop').from(topic('orders')).to(topic('copies')))
 */
export function localEngine(options: LocalEngineOptions): Engine {
  return new LocalEngine(options)
}

class LocalEngine implements Engine {
  readonly features = features
  readonly #log: Log
  readonly #settings: Settings
  readonly #deployments = new Map<string, Deployment>()

  constructor(options: LocalEngineOptions) {
    this.#log = options.log
    this.#settings = withDefaults(options)
  }

  async submit(topology: Topology, options: UpgradeOptions = {}): Promise<TopologyStatus> {
    const { name } = topology
    this.#check(topology)
    if (this.#deployments.has(name)) throw new HeddleError('HEDDLE_ENGINE_TOPOLOGY_EXISTS', `'${name}'`)
    const deployment = new Deployment(topology, this.#log, this.#settings, options)
    // Before it runs, so that a second submit meanwhile is refused.
    this.#deployments.set(name, deployment)
    try {
      await deployment.start()
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
    this.#check(topology)
    const { diff } = await planUpgrade(this.#log, plan, options)
    const running = this.#deployments.get(name)
    if (dryRun) return { diff, status: running?.status }
    // What can be refused now is refused before anything is stopped.
    if (diff) refuse(diff)
    if (!running) return { diff, status: await this.submit(topology, options) }
    await running.replace(topology, options, waitMs)
    return { diff, status: running.status }
  }

  async history(name: string): Promise<readonly TopologyVersion[]> {
    return readVersions(await this.#log.store(name))
  }

  async list(): Promise<readonly TopologyStatus[]> {
    return [...this.#deployments.values()].map(({ status }) => status)
  }

  async describe(name: string): Promise<TopologyDescription> {
    return this.#find(name).describe()
  }

  async activate(name: string): Promise<void> {
    await this.#find(name).activate()
  }

  async deactivate(name: string): Promise<void> {
    await this.#find(name).deactivate()
  }

  async rebalance(
    name: string,
    parallelism: Readonly<Record<string, number>>,
    { threads }: RebalanceOptions = {},
  ): Promise<void> {
    const deployment = this.#find(name)
    if (threads !== undefined && threads !== 1)
      throw new HeddleError(
        'HEDDLE_ENGINE_UNSUPPORTED',
        `'${name}' runs in the thread of its host, and not in threads of its own`,
      )
    await deployment.rebalance(parallelism)
  }

  async state(name: string, query: StateQuery): Promise<StatePage> {
    return queryState(this.#log, this.#find(name).topology.plan, query)
  }

  async kill(
    name: string,
    { waitMs = this.#settings.drainMs, purge: purges }: KillOptions = {},
  ): Promise<void> {
    const deployment = this.#find(name)
    await deployment.kill(waitMs)
    if (this.#deployments.get(name) === deployment) this.#deployments.delete(name)
    if (purges) await purge(this.#log, name)
  }

  async metrics(name: string): Promise<TopologyMetrics> {
    return this.#find(name).metrics()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#deployments.keys()].map((name) => this.kill(name)))
  }

  #check({ plan }: Topology): void {
    checkOperators(plan)
    const kinds = this.#settings.connectors.map(({ kind }) => kind)
    for (const { id, operator, config } of plan.components) {
      const kind = config['kind'] as string
      if (operator !== 'sink' || kinds.includes(kind)) continue
      throw new HeddleError(
        'HEDDLE_SINK_UNKNOWN',
        `'${id}' of '${plan.name}' is a '${kind}'; there are ${kinds.join(', ') || 'none'}`,
      )
    }
  }

  #find(name: string): Deployment {
    const found = this.#deployments.get(name)
    if (found) return found
    const hint = didYouMean(name, this.#deployments.keys())
    throw new HeddleError('HEDDLE_ENGINE_UNKNOWN_TOPOLOGY', `'${name}'${hint}`)
  }
}
