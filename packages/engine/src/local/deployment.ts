import {
  HeddleError,
  type Log,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  type TopologyState,
  type TopologyStatus,
  type UpgradeOptions,
  errorMessage,
  isHeddleError,
  sleep,
} from '@heddle/core'
import { inputPartitions, keyPartitionsOf } from '../stages/key-partitions.ts'
import { sharesOf } from '../stages/shares-of.ts'
import { StagedRun } from '../stages/staged-run.ts'
import { stageTopics, stagesOf } from '../stages/stages.ts'
import type { SharedStores } from '../standby/copies.ts'
import { sharedStores } from '../standby/shared-stores.ts'
import { Standby } from '../standby/standby.ts'
import { errorChannel, stateChannel } from './channels.ts'
import { ComponentStats } from './component-stats.ts'
import { Delivery } from './delivery.ts'
import type { Settings } from './options.ts'
import { deleteDropped, readRecord } from './plan-record.ts'
import { Restores } from './restores.ts'
import { retryDelay } from './retry-delay.ts'
import type { Running } from './run.ts'
import { Seat, needsSeat } from './seat.ts'
import { startRun } from './start-run.ts'
import { ensureTopics } from './topics.ts'
import { TopologyStats } from './topology-stats.ts'
import { type Upgrade, adoptPlan, undoUpgrade } from './upgrade.ts'

/** How long a topology that goes to another process may take to finish, in milliseconds: half of the usual session. */
const standbyDrainMs = 5000

/** What changes when another version of a topology is deployed. */
interface Version {
  readonly topology: Topology
  readonly startedAt: number
  readonly stats: TopologyStats
  readonly componentStats: ReadonlyMap<string, ComponentStats>
  readonly parallelism: Map<string, number>
  /** What it may do to the version that ran before. */
  readonly options: UpgradeOptions
}

/** A topology that was submitted: keeps it running, and does what operators ask for. */
export class Deployment {
  readonly #log: Log
  readonly #settings: Settings
  readonly #killed = new AbortController()
  #version: Version
  /** How many versions wait to take the place of this one. */
  #superseding = 0
  /** Ends the wait for another start. */
  #waiting = new AbortController()
  #deleting: Promise<void> = Promise.resolve()
  #deliveries: readonly Delivery[] = []
  #seat: Seat | undefined
  readonly #restores = new Restores()
  #standby: Standby | undefined
  #state: TopologyState = 'starting'
  #lastError: TopologyStatus['lastError']
  #paused = false
  #run: Running | undefined
  /** How many shares its keys are cut into; `undefined` where it runs in one place. */
  #partitions: number | undefined
  /** One operation after the other. */
  #doing: Promise<unknown> = Promise.resolve()

  constructor(topology: Topology, log: Log, settings: Settings, options: UpgradeOptions = {}) {
    this.#log = log
    this.#settings = settings
    this.#version = newVersion(topology, settings.clock.now(), options)
  }

  get topology(): Topology {
    return this.#version.topology
  }

  /** @throws What starting the tasks throws; nothing runs then. */
  async start(): Promise<void> {
    try {
      await this.#startVersion()
    } catch (error) {
      this.#killed.abort()
      await this.#stopAll(0)
      await this.#seat?.leave()
      throw error
    }
    const { standby, standbyLookMs, clock } = this.#settings
    if (standby > 0 && this.#log.follow)
      this.#standby = new Standby({
        log: this.#log,
        clock,
        copies: standby,
        lookMs: standbyLookMs,
        shared: () => this.#shared(),
        report: (error) => this.#report(undefined, error),
      })
  }

  /** Stores that processes share, as they are now. */
  async #shared(): Promise<readonly SharedStores[]> {
    const { topology } = this
    const record = readRecord(await this.#log.store(topology.name))
    return sharedStores(topology, record, this.#partitions, this.#seat, this.#settings.instance)
  }

  /**
   * Puts another version in the place of this one, when that has finished what is under way. When it does not start, this one
   * runs on.
   *
   * @throws HEDDLE_UPGRADE_INCOMPATIBLE, or HEDDLE_UPGRADE_FAILED with what starting it threw.
   */
  async replace(topology: Topology, options: UpgradeOptions, waitMs: number): Promise<void> {
    this.#superseding++
    this.#waiting.abort()
    try {
      await this.#do(() => this.#replace(topology, options, waitMs))
    } finally {
      this.#superseding--
    }
  }

  async #replace(topology: Topology, options: UpgradeOptions, waitMs: number): Promise<void> {
    if (this.#killed.signal.aborted) throw new HeddleError('HEDDLE_ENGINE_STOPPED', `'${topology.name}'`)
    const before = this.#version
    this.#setState('draining')
    await this.#stopAll(waitMs, true)
    await this.#deleting
    this.#version = newVersion(topology, this.#settings.clock.now(), options)
    try {
      await this.#startVersion()
    } catch (error) {
      this.#version = before
      try {
        await this.#startVersion()
      } catch (again) {
        void this.#do(() => this.#restart(undefined, again))
      }
      if (isHeddleError(error, 'HEDDLE_UPGRADE_INCOMPATIBLE')) throw error
      throw new HeddleError('HEDDLE_UPGRADE_FAILED', `'${topology.name}': ${errorMessage(error)}`, {
        cause: error,
      })
    }
  }

  /** Starts what is to run now, or stands by. @throws What starting the tasks throws; nothing runs then. */
  async #startVersion(): Promise<void> {
    await ensureTopics(this.#log, this.topology.plan)
    this.#partitions = await keyPartitionsOf(this.#log, this.topology.plan, this.#settings)
    await this.#takeSeat()
    // Another process runs it; this one stands by.
    if (this.#seat?.held === false) this.#setState('starting')
    else await this.#startAll()
  }

  async #takeSeat(): Promise<void> {
    const { plan } = this.topology
    const former = this.#seat
    const needed = needsSeat(plan) && this.#partitions === undefined
    if (former && needed && former.topic === plan.settings.deadLetterTopic) return
    this.#seat = undefined
    await former?.leave()
    if (!needed) return
    const seat: Seat = new Seat(plan, {
      log: this.#log,
      clock: this.#settings.clock,
      taken: () => void this.#do(() => this.#takeOver()),
      // Whoever kills it, or changes its seat, leaves the seat last, when all is stopped.
      left: async (lost) => {
        if (!this.#killed.signal.aborted && this.#seat === seat) await this.#do(() => this.#standBy(lost))
      },
    })
    this.#seat = seat
    await seat.start()
  }

  get status(): TopologyStatus {
    const { plan, name } = this.topology
    const restoring = this.#restores.running
    const standby = this.#standby?.copies ?? []
    return {
      name,
      state: this.#state,
      guarantee: plan.settings.guarantee,
      startedAt: this.#version.startedAt,
      tasks: plan.components.reduce((sum, { id }) => sum + this.#tasks(id), 0),
      ...(restoring.length > 0 && { restoring }),
      ...(standby.length > 0 && { standby }),
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  async describe(): Promise<TopologyDescription> {
    return {
      ...this.status,
      shares: await sharesOf(this.#log, this.topology.plan),
      plan: this.topology.plan,
      metrics: await this.metrics(),
    }
  }

  async metrics(): Promise<TopologyMetrics> {
    const { plan, name } = this.topology
    const now = this.#settings.clock.now()
    const { completed, completedMs, commits } = this.#version.stats
    return {
      name,
      components: plan.components.map(({ id }) =>
        this.#version.componentStats.get(id)!.metrics(now, this.#tasks(id)),
      ),
      completeLatencyMs: completed === 0 ? 0 : completedMs / completed,
      pending: this.#run?.pending ?? 0,
      lag: (await this.#run?.lag()) ?? 0,
      commits,
    }
  }

  activate(): Promise<void> {
    return this.#do(async () => {
      this.#paused = false
      this.#run?.resume()
      if (this.#state === 'inactive') this.#setState('active')
    })
  }

  deactivate(): Promise<void> {
    return this.#do(async () => {
      this.#paused = true
      this.#run?.pause()
      if (this.#state === 'active') this.#setState('inactive')
    })
  }

  rebalance(parallelism: Readonly<Record<string, number>>): Promise<void> {
    return this.#do(async () => {
      for (const [id, tasks] of Object.entries(parallelism)) {
        if (!this.topology.plan.components.some((component) => component.id === id))
          throw new HeddleError('HEDDLE_TOPOLOGY_INVALID', `'${this.topology.name}' has no component '${id}'`)
        if (!Number.isInteger(tasks) || tasks < 1)
          throw new HeddleError(
            'HEDDLE_TOPOLOGY_INVALID',
            `parallelism of '${id}' must be a whole number from 1 on, and is ${tasks}`,
          )
      }
      const run = this.#run
      this.#run = undefined
      await run?.stop(this.#settings.drainMs)
      for (const [id, tasks] of Object.entries(parallelism)) this.#version.parallelism.set(id, tasks)
      await this.#startRun()
    })
  }

  kill(waitMs: number): Promise<void> {
    this.#killed.abort()
    this.#waiting.abort()
    return this.#do(async () => {
      this.#setState('draining')
      await this.#standby?.close()
      await this.#stopAll(waitMs)
      await this.#deleting
      await this.#seat?.leave()
      publishState(this.topology, 'stopped')
    })
  }

  #do<T>(operation: () => Promise<T>): Promise<T> {
    const done = this.#doing.then(operation)
    this.#doing = done.catch(() => {})
    return done
  }

  #tasks(component: string): number {
    return (
      this.#version.parallelism.get(component) ??
      this.topology.plan.components.find(({ id }) => id === component)!.parallelism
    )
  }

  async #startAll(): Promise<void> {
    const upgrade = await this.#adopt()
    try {
      await this.#startDeliveries()
      await this.#startRun()
    } catch (error) {
      await this.#stopAll(0)
      await undoUpgrade(this.#log, upgrade)
      throw error
    }
    this.#started()
  }

  /** Makes its plan the one that runs; from here on its state is in the places that the upgrade says. */
  #adopt(): Promise<Upgrade> {
    const { topology, options } = this.#version
    return adoptPlan(this.#log, topology.plan, options, this.#settings.clock.now(), this.#partitions)
  }

  #started(): void {
    this.#setState(this.#paused ? 'inactive' : 'active')
    this.#deleting = this.#deleting
      .then(() => deleteDropped(this.#log, this.topology.name, this.#killed.signal))
      .catch((error: unknown) => this.#report(undefined, error))
  }

  async #stopAll(waitMs: number, drain = false): Promise<void> {
    const { clock } = this.#settings
    const until = clock.now() + waitMs
    const run = this.#run
    this.#run = undefined
    await run?.stop(waitMs, drain)
    // What the tasks put out last is delivered too.
    const deliveries = this.#deliveries
    this.#deliveries = []
    await Promise.all(deliveries.map((delivery) => delivery.stop(Math.max(0, until - clock.now()))))
  }

  /** The process that ran it is gone. */
  async #takeOver(): Promise<void> {
    if (this.#killed.signal.aborted || this.#seat?.held !== true) return
    try {
      await this.#startAll()
    } catch (error) {
      // Another process may have what has to run now.
      if (isHeddleError(error, 'HEDDLE_UPGRADE_INCOMPATIBLE')) {
        const seat = this.#seat
        this.#seat = undefined
        await seat.leave()
      }
      await this.#restart(undefined, error)
    }
  }

  /** Another process runs it from here on, when this one has let go. */
  async #standBy(lost: boolean): Promise<void> {
    if (this.#killed.signal.aborted) return
    await this.#stopAll(lost ? 0 : standbyDrainMs)
    this.#setState('starting')
  }

  async #startDeliveries(): Promise<void> {
    const { plan, name } = this.topology
    const { clock } = this.#settings
    const { deadLetterTopic } = plan.settings
    const sizes = await ensureTopics(this.#log, plan)
    const started: Delivery[] = []
    try {
      for (const component of plan.components) {
        if (component.operator !== 'sink') continue
        const kind = component.config['kind'] as string
        const delivery = new Delivery({
          topology: name,
          component,
          connector: this.#settings.connectors.find((connector) => connector.kind === kind)!,
          deadLetterTopic,
          maxBytes: sizes.get(deadLetterTopic)!,
          log: this.#log,
          clock,
          settings: this.#settings,
          report: (reporter, error) => this.#report(reporter, error),
          relieved: () => this.#run?.wake(),
        })
        started.push(delivery)
        await delivery.start()
      }
    } catch (error) {
      for (const delivery of started) await delivery.stop(0)
      throw error
    }
    this.#deliveries = started
  }

  async #startRun(): Promise<void> {
    const { plan } = this.topology
    const stages = this.#partitions === undefined ? [] : stagesOf(plan, this.#partitions)
    const context = {
      topology: this.topology,
      sizes: await ensureTopics(this.#log, plan, stageTopics(plan.name, stages)),
      parallelism: this.#version.parallelism,
      log: this.#log,
      clock: this.#settings.clock,
      settings: this.#settings,
      restores: this.#restores,
      stats: this.#version.stats,
      componentStats: this.#version.componentStats,
      report: (component: string | undefined, error: unknown) => this.#report(component, error),
      congested: () => this.#deliveries.some(({ congested }) => congested),
      appended: (topic: string, records: number) => {
        for (const delivery of this.#deliveries) if (delivery.topic === topic) delivery.added(records)
      },
    }
    const run: Running =
      this.#partitions === undefined
        ? await startRun(context)
        : await StagedRun.start({
            ...context,
            partitions: this.#partitions,
            inputs: await inputPartitions(this.#log, plan),
          })
    if (this.#paused) run.pause()
    this.#run = run
    run.ended.catch((error: unknown) => {
      if (this.#run !== run) return
      this.#run = undefined
      void this.#do(() => this.#restart(run, error))
    })
  }

  /** Starts again after an error, as often as need be. */
  async #restart(run: Running | undefined, error: unknown): Promise<void> {
    await run?.close()
    let reason = error
    const waiting = (this.#waiting = new AbortController())
    const isOver = (): boolean => this.#killed.signal.aborted || this.#superseding > 0
    for (let attempts = 1; !isOver(); attempts++) {
      this.#report(undefined, reason)
      if (!canRestart(reason)) return this.#setState('failed')
      this.#setState('starting')
      await sleep(
        this.#settings.clock,
        retryDelay(this.#settings.restart, attempts, this.#settings.random),
        waiting.signal,
      )
      // Whoever gets the seat starts it.
      if (isOver() || this.#seat?.held === false) return
      try {
        await this.#adopt()
        if (this.#deliveries.length === 0) await this.#startDeliveries()
        await this.#startRun()
        return this.#started()
      } catch (failed) {
        reason = failed
      }
    }
  }

  #report(component: string | undefined, error: unknown): void {
    const { name } = this.topology
    const at = this.#settings.clock.now()
    this.#lastError = { component: component ?? name, message: errorMessage(error), at }
    if (errorChannel.hasSubscribers) errorChannel.publish({ topology: name, component, error })
  }

  #setState(state: TopologyState): void {
    if (this.#state === state) return
    this.#state = state
    publishState(this.topology, state)
  }
}

function newVersion(topology: Topology, startedAt: number, options: UpgradeOptions): Version {
  return {
    topology,
    startedAt,
    stats: new TopologyStats(),
    componentStats: new Map(
      topology.plan.components.map((component) => [component.id, new ComponentStats(component, startedAt)]),
    ),
    parallelism: new Map(),
    options,
  }
}

function publishState({ name, plan }: Topology, state: TopologyState | 'stopped'): void {
  if (stateChannel.hasSubscribers)
    stateChannel.publish({ topology: name, state, guarantee: plan.settings.guarantee })
}

/** What another attempt may mend. Fenced means that partitions went to another member: it joins again. */
const canRestart = (error: unknown): boolean =>
  !isHeddleError(error) || error.kind === 'retryable' || error.code === 'HEDDLE_LOG_FENCED'
