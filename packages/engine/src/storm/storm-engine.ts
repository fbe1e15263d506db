import {
  type DeployOptions,
  type Deployed,
  type Engine,
  type EngineFeatures,
  HeddleError,
  type KillOptions,
  type Log,
  type Plan,
  type StatePage,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  type TopologyState,
  type TopologyStatus,
  type TopologyVersion,
  isHeddleError,
  sleep,
  systemClock,
} from '@heddle/core'
import { ensureTopics } from '../local/topics.ts'
import { bundle, bundleName } from './bundle/bundle.ts'
import { ownNode, ownNodeLaunch } from './bundle/own-node.ts'
import { programFiles } from './bundle/programs.ts'
import { inResources, zip } from './bundle/zip.ts'
import { parseStormUrl } from './nimbus/address.ts'
import { withJars } from './nimbus/dependency-jars.ts'
import { Nimbus } from './nimbus/nimbus.ts'
import type { TopologyPageInfo, TopologySummary } from './nimbus/structs.ts'
import type { StormEngineOptions } from './options.ts'
import { type ComponentFigures, componentFigures } from './plan/component-figures.ts'
import { lastErrorOf, metricsOf } from './plan/metrics.ts'
import { jarsOf, portable } from './plan/portable.ts'
import { withStandIns, withTimes } from './plan/stand-ins.ts'
import { confOf, toStorm } from './plan/to-storm.ts'
import { transactionalIn } from './plan/transactional.ts'
import { checkSupported } from './plan/unsupported.ts'
import { upgradeOnStorm } from './plan/upgrade.ts'
import { type LogsOptions, readLogs } from './read-logs.ts'
import { type StormRebalanceOptions, checkRebalance } from './rebalance.ts'
import { groupsOf } from './runtime/group-of.ts'
import { type LogLine, logTopic } from './runtime/log-lines.ts'
import { outputsTopics } from './runtime/outputs.ts'
import { isForeign } from './runtime/plain-tuples.ts'
import { confNames } from './runtime/settings.ts'

/**
 * An engine that runs topologies on a cluster of Apache Storm: each task of a component is a process of Node there.
 *
 * @example
 * const engine = stormEngine({ url: 'storm://nimbus:6627', log, componentLog: { url: 'kafka://broker:9092' }, bundleOf })
 */
export function stormEngine(options: StormEngineOptions): StormEngine {
  return new Cluster(options)
}

/** The Engine port, and what only Storm has. */
export interface StormEngine extends Engine {
  /**
   * Puts a version in the place of the one that runs: that reads no more and finishes what is under way, and the new one goes on with
   * its offsets and state. What cannot be, or does not load, is refused before. There is no way back when the new one does not start:
   * Storm does not keep the old one.
   *
   * @throws HEDDLE_UPGRADE_INCOMPATIBLE with every reason, HEDDLE_ENGINE_UNSUPPORTED, HEDDLE_MODULE_INVALID; the old one runs on.
   */
  deploy(topology: Topology, options?: DeployOptions): Promise<Deployed>
  /**
   * Spreads the tasks of a running topology over other numbers of executors and workers, as Storm has it: what is under way is
   * finished first, and the number of tasks, which decides where state is, stays.
   *
   * @param executors Threads by component, at most as many as it has tasks.
   * @throws HEDDLE_ENGINE_UNSUPPORTED with the reason, HEDDLE_TOPOLOGY_INVALID for a component that there is not.
   */
  rebalance(
    name: string,
    executors: Readonly<Record<string, number>>,
    options?: StormRebalanceOptions,
  ): Promise<void>
  /**
   * The figures of a component by window, stream and task.
   * @throws HEDDLE_TOPOLOGY_INVALID for a component that there is not.
   */
  component(name: string, id: string): Promise<ComponentFigures>
  /**
   * What the components of a topology have printed and reported, the oldest first, from the log: also after it has ended.
   * @throws What reading the log throws.
   */
  logs(name: string, options?: LogsOptions): AsyncIterable<LogLine>
}

type Settings = Required<Omit<StormEngineOptions, 'log'>> & { readonly log: Log | undefined }

const withDefaults = (options: StormEngineOptions): Settings => ({
  log: undefined,
  clock: systemClock,
  node: 'node',
  workers: 1,
  jars: [],
  conf: {},
  startTimeoutMs: 120_000,
  pollMs: 250,
  callTimeoutMs: 30_000,
  patienceMs: 90_000,
  drainMs: 30_000,
  maxBatch: 500,
  maxBatchBytes: 256 * 1024,
  maxUnderWay: 8,
  lingerMs: 10,
  hangTimeoutMs: 300_000,
  errorIntervalMs: 1000,
  ...options,
})

/** The window of figures that Nimbus is asked for: all since the topology was submitted. */
const allTime = ':all-time'

/** What is submitted. */
interface Submitted {
  readonly plan: Plan
  /** Ids of components: see `transactionalIn`. */
  readonly transactional: readonly string[]
}

/** A topology of ours, as the cluster knows it. */
interface Known extends Submitted {
  readonly summary: TopologySummary
  readonly submittedAt: number
}

class Cluster implements StormEngine {
  readonly features: EngineFeatures = {
    guarantees: ['at-least-once'],
    rebalance: false,
    ticks: true,
    upgrades: false,
  }
  readonly #settings: Settings
  readonly #nimbus: Nimbus
  /** By the id that Storm gives each submit: what is in there does not change. */
  readonly #plans = new Map<string, Omit<Known, 'summary'> | undefined>()

  constructor(options: StormEngineOptions) {
    this.#settings = withDefaults(options)
    const { callTimeoutMs: timeoutMs, patienceMs, pollMs, clock } = this.#settings
    this.#nimbus = new Nimbus({ seeds: parseStormUrl(options.url), timeoutMs, patienceMs, pollMs, clock })
  }

  async submit(topology: Topology): Promise<TopologyStatus> {
    const { name } = topology
    checkSupported(topology)
    if (await this.#summary(name)) throw new HeddleError('HEDDLE_ENGINE_TOPOLOGY_EXISTS', `'${name}'`)
    const plan = portable(topology.plan)
    return this.#run(topology, plan, await this.#jar(topology, plan))
  }

  async #run(topology: Topology, plan: Plan, jar: Buffer): Promise<TopologyStatus> {
    const { name } = topology
    const { node } = this.#settings
    const submitted: Submitted = { plan, transactional: transactionalIn(topology) }
    const { transactional } = submitted
    const log = plan.components.every(isForeign) ? undefined : this.#log(name)
    if (log) {
      await ensureTopics(log, plan, outputsTopics(plan, transactional))
      const lines = logTopic(name)
      if (!(await log.describeTopic(lines.name))) await log.createTopic(lines)
    }
    const paths = new Set([...jarsOf(topology.plan), ...this.#settings.jars])
    await withJars(this.#nimbus, [...paths], async (jars) => {
      const location = await this.#nimbus.upload(jar)
      const launch = node === 'bundled' ? ownNodeLaunch : { command: node, script: bundleName }
      await this.#nimbus.call('submitTopology', {
        name,
        uploadedJarLocation: location,
        jsonConf: JSON.stringify(this.#conf(submitted)),
        topology: withTimes(toStorm(withStandIns(plan, transactional), launch, jars), plan, transactional),
      })
    })
    return this.#started(name, submitted)
  }

  /** What of a topology and its runtime goes to the workers. Where Storm runs all of it itself, there is none of ours. */
  async #jar(topology: Topology, plan: Plan): Promise<Buffer> {
    const { bundleOf, node } = this.#settings
    const programs = await programFiles(topology.plan)
    if (plan.components.every(isForeign)) return zip(inResources(programs))
    const source = bundleOf(topology)
    if (!source)
      throw new HeddleError(
        'HEDDLE_ENGINE_UNSUPPORTED',
        `'${topology.name}' is of no file, and functions do not travel`,
      )
    return bundle(source, plan, [...programs, ...(node === 'bundled' ? await ownNode() : [])])
  }

  /** Waits until it reads. @throws HEDDLE_ENGINE_UNAVAILABLE when that takes too long. */
  async #started(name: string, submitted: Submitted): Promise<TopologyStatus> {
    const { clock, startTimeoutMs, pollMs } = this.#settings
    const until = clock.now() + startTimeoutMs
    for (;;) {
      const status = await this.#status(await this.#known(name))
      if (status.state !== 'starting' && (await this.#reads(submitted))) return status
      if (clock.now() > until)
        throw new HeddleError(
          'HEDDLE_ENGINE_UNAVAILABLE',
          `'${name}' did not start within ${startTimeoutMs} ms${status.lastError ? `: ${status.lastError.message}` : '; has the cluster free slots?'}`,
        )
      await sleep(clock, pollMs)
    }
  }

  #conf({ plan, transactional }: Submitted): Readonly<Record<string, unknown>> {
    const { workers, componentLog, clock, conf } = this.#settings
    const { maxBatch, maxBatchBytes, maxUnderWay, lingerMs, hangTimeoutMs, errorIntervalMs } = this.#settings
    return confOf(plan, {
      workers,
      componentLog,
      submittedAt: clock.now(),
      transactional,
      conf,
      settings: { maxBatch, maxBatchBytes, maxUnderWay, lingerMs, hangTimeoutMs, errorIntervalMs },
    })
  }

  /** The new version is made and seen to load before the one that runs is asked to finish. */
  async deploy(topology: Topology, options: DeployOptions = {}): Promise<Deployed> {
    const { name } = topology
    const { dryRun = false, waitMs } = options
    checkSupported(topology)
    const plan = portable(topology.plan)
    const runs = (await this.#summary(name)) !== undefined
    const known = runs ? await this.#known(name) : undefined
    const diff = known && upgradeOnStorm(known.plan, plan, options)
    const jar = await this.#jar(topology, plan)
    if (dryRun) return { diff, status: known && (await this.#status(known)) }
    if (known) await this.kill(name, waitMs === undefined ? {} : { waitMs })
    return { diff, status: await this.#run(topology, plan, jar) }
  }

  async history(_name: string): Promise<readonly TopologyVersion[]> {
    return []
  }

  async list(): Promise<readonly TopologyStatus[]> {
    const found: TopologyStatus[] = []
    for (const summary of await this.#nimbus.call('getTopologySummaries', {})) {
      const known = await this.#knownOf(summary)
      if (known) found.push(await this.#status(known))
    }
    return found
  }

  async describe(name: string): Promise<TopologyDescription> {
    const known = await this.#known(name)
    const page = await this.#page(known)
    return {
      ...(await this.#status(known, page)),
      plan: known.plan,
      metrics: await this.#metrics(known, page),
    }
  }

  async activate(name: string): Promise<void> {
    await this.#known(name)
    await this.#nimbus.call('activate', { name })
  }

  async deactivate(name: string): Promise<void> {
    await this.#known(name)
    await this.#nimbus.call('deactivate', { name })
  }

  async rebalance(
    name: string,
    executors: Readonly<Record<string, number>>,
    options: StormRebalanceOptions = {},
  ): Promise<void> {
    const { clock, pollMs, drainMs } = this.#settings
    const known = await this.#known(name)
    const { plan, summary } = known
    checkRebalance(plan, executors, options)
    const active = summary.status === 'ACTIVE'
    if (active) await this.#nimbus.call('deactivate', { name })
    try {
      await this.#drain(known, drainMs)
      const { workers } = options
      const change = {
        waitSecs: 0,
        numExecutors: new Map(Object.entries(executors)),
        ...(workers !== undefined && { numWorkers: workers }),
      }
      await this.#nimbus.call('rebalance', { name, options: change })
      while ((await this.#known(name)).summary.status === 'REBALANCING') await sleep(clock, pollMs)
    } finally {
      if (active) await this.#nimbus.call('activate', { name })
    }
    if (active) await this.#started(name, known)
  }

  async component(name: string, id: string): Promise<ComponentFigures> {
    const { plan, summary } = await this.#known(name)
    if (!plan.components.some((each) => each.id === id))
      throw new HeddleError('HEDDLE_TOPOLOGY_INVALID', `'${name}' has no component '${id}'`)
    return componentFigures(
      await this.#nimbus.call('getComponentPageInfo', {
        id: summary.id,
        component: id,
        window: allTime,
        withSystem: false,
      }),
    )
  }

  logs(name: string, options?: LogsOptions): AsyncIterable<LogLine> {
    return readLogs(this.#log(name), name, options)
  }

  async state(name: string): Promise<StatePage> {
    throw unsupported(`the state of '${name}' is in the processes of its tasks`)
  }

  /** Spouts stop first; when nothing is under way any more, or the time is over, the workers end. */
  async kill(
    name: string,
    { waitMs = this.#settings.drainMs, purge = false }: KillOptions = {},
  ): Promise<void> {
    if (purge) throw unsupported(`what '${name}' keeps is not deleted with it`)
    const { clock, pollMs } = this.#settings
    const known = await this.#known(name)
    const kill = (ms: number): Promise<void> =>
      this.#nimbus.call('killTopologyWithOpts', { name, options: { waitSecs: Math.ceil(ms / 1000) } })
    await kill(waitMs)
    await this.#drain(known, waitMs)
    if (waitMs > 0 && (await this.#summary(name))) await kill(0).catch(unlessGone)
    while (await this.#summary(name)) await sleep(clock, pollMs)
  }

  async metrics(name: string): Promise<TopologyMetrics> {
    const known = await this.#known(name)
    return this.#metrics(known, await this.#page(known))
  }

  /** Topologies go on: they are the cluster's. */
  async close(): Promise<void> {
    await this.#nimbus.close()
  }

  /** Every spout reads. Storm knows that a process was started, and not whether its code was loaded. */
  async #reads(submitted: Submitted): Promise<boolean> {
    const busy = await this.#busyGroups(submitted)
    return [...groupsOf(submitted)].every((group) => busy.has(group))
  }

  /**
   * Waits until no spout reads, nor has anything under way: it has left its group then. Of a spout that Storm runs itself nobody
   * knows, so that all the time passes.
   */
  async #drain(submitted: Submitted, waitMs: number): Promise<void> {
    const { clock, pollMs } = this.#settings
    const until = clock.now() + waitMs
    const known = submitted.plan.components.every(
      (component) => component.kind === 'bolt' || !isForeign(component),
    )
    const done = async (): Promise<boolean> => known && (await this.#busyGroups(submitted)).size === 0
    while (clock.now() < until && !(await done())) await sleep(clock, pollMs)
  }

  /** @throws HEDDLE_CONFIG_INVALID when there is none, and the topology needs it. */
  #log(topology: string): Log {
    const { log } = this.#settings
    if (log) return log
    throw new HeddleError(
      'HEDDLE_CONFIG_INVALID',
      `log: '${topology}' has components of ours, which need one that the machines of the cluster reach: use kafka://host:9092`,
      { info: { keys: ['log'] } },
    )
  }

  /** The groups of a plan that have members. */
  async #busyGroups(submitted: Submitted): Promise<ReadonlySet<string>> {
    const groups = groupsOf(submitted)
    if (groups.size === 0) return new Set()
    const found = await this.#log(submitted.plan.name).listGroups()
    return new Set(
      found.filter(({ group, members }) => groups.has(group) && members.length > 0).map(({ group }) => group),
    )
  }

  async #summary(name: string): Promise<TopologySummary | undefined> {
    const all = await this.#nimbus.call('getTopologySummaries', {})
    return all.find((each) => each.name === name)
  }

  /** @throws HEDDLE_ENGINE_UNKNOWN_TOPOLOGY */
  async #known(name: string): Promise<Known> {
    const summary = await this.#summary(name)
    const known = summary && (await this.#knownOf(summary))
    if (!known) throw new HeddleError('HEDDLE_ENGINE_UNKNOWN_TOPOLOGY', `'${name}'`)
    return known
  }

  /** `undefined` for a topology that is not ours, or has gone meanwhile. */
  async #knownOf(summary: TopologySummary): Promise<Known | undefined> {
    const { id } = summary
    if (!this.#plans.has(id)) {
      try {
        const conf = JSON.parse(await this.#nimbus.call('getTopologyConf', { id })) as Record<string, unknown>
        const plan = conf[confNames.plan]
        this.#plans.set(
          id,
          typeof plan === 'string'
            ? {
                plan: JSON.parse(plan) as Plan,
                transactional: JSON.parse(conf[confNames.transactional] as string) as readonly string[],
                submittedAt: Number(conf[confNames.submittedAt]),
              }
            : undefined,
        )
      } catch (error) {
        unlessGone(error)
        return undefined
      }
    }
    const known = this.#plans.get(id)
    return known && { ...known, summary }
  }

  #page({ summary: { id } }: Known): Promise<TopologyPageInfo> {
    return this.#nimbus.call('getTopologyPageInfo', { id, window: allTime, withSystem: false })
  }

  async #status(known: Known, page?: TopologyPageInfo): Promise<TopologyStatus> {
    const { summary, plan, submittedAt } = known
    const { executors } = await this.#nimbus.call('getTopologyInfo', { id: summary.id })
    const ours = executors.filter(({ componentId }) => !componentId.startsWith('__'))
    // When they began is told to Nimbus once a minute: too late to be of use.
    const placed = ours.length > 0 && ours.every(({ host }) => host !== '')
    const lastError = lastErrorOf(page ?? (await this.#page(known)))
    return {
      name: summary.name,
      state: stateOf(summary.status, placed),
      guarantee: plan.settings.guarantee,
      startedAt: submittedAt,
      tasks: plan.components.reduce((sum, { parallelism }) => sum + parallelism, 0),
      ...(lastError && { lastError }),
    }
  }

  async #metrics(known: Known, page: TopologyPageInfo): Promise<TopologyMetrics> {
    return { ...metricsOf(known.plan, page), lag: await this.#lag(known) }
  }

  /** Records of the input topics that are not done yet. */
  async #lag(submitted: Submitted): Promise<number> {
    const groups = groupsOf(submitted)
    if (groups.size === 0) return 0
    const log = this.#log(submitted.plan.name)
    let lag = 0
    for (const { group, offsets } of await log.listGroups()) {
      if (!groups.has(group)) continue
      for (const { topic, partition, offset } of offsets) {
        const found = (await log.partitions(topic)).find((each) => each.partition === partition)
        lag += Math.max(0, (found?.latest ?? offset) - offset)
      }
    }
    return lag
  }
}

function stateOf(status: string, placed: boolean): TopologyState {
  switch (status) {
    case 'ACTIVE':
      return placed ? 'active' : 'starting'
    case 'INACTIVE':
      return 'inactive'
    case 'KILLED':
      return 'draining'
    default:
      return 'starting'
  }
}

const unsupported = (detail: string): HeddleError => new HeddleError('HEDDLE_ENGINE_UNSUPPORTED', detail)

/** What is gone need not be killed. */
function unlessGone(error: unknown): void {
  if (!isHeddleError(error, 'HEDDLE_ENGINE_UNKNOWN_TOPOLOGY')) throw error
}
