import {
  type Engine,
  type EngineFeatures,
  HeddleError,
  type KillOptions,
  type Log,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  type TopologyStatus,
  didYouMean,
} from '@heddle/core'
import { Deployment } from './deployment.ts'
import { checkOperators } from './network.ts'
import { type LocalEngineOptions, type Settings, withDefaults } from './options.ts'

const features: EngineFeatures = {
  guarantees: ['at-least-once', 'exactly-once'],
  rebalance: true,
  ticks: true,
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

  async submit(topology: Topology): Promise<TopologyStatus> {
    const { name, plan } = topology
    checkOperators(plan)
    this.#checkSinks(topology)
    if (this.#deployments.has(name)) throw new HeddleError('HEDDLE_ENGINE_TOPOLOGY_EXISTS', `'${name}'`)
    const deployment = new Deployment(topology, this.#log, this.#settings)
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

  async rebalance(name: string, parallelism: Readonly<Record<string, number>>): Promise<void> {
    await this.#find(name).rebalance(parallelism)
  }

  async kill(name: string, { waitMs = this.#settings.drainMs }: KillOptions = {}): Promise<void> {
    const deployment = this.#find(name)
    await deployment.kill(waitMs)
    if (this.#deployments.get(name) === deployment) this.#deployments.delete(name)
  }

  async metrics(name: string): Promise<TopologyMetrics> {
    return this.#find(name).metrics()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#deployments.keys()].map((name) => this.kill(name)))
  }

  #checkSinks({ plan }: Topology): void {
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
