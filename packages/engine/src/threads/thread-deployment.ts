import {
  type Clock,
  HeddleError,
  type Log,
  type StatePage,
  type StateQuery,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  type TopologyStatus,
  type UpgradeOptions,
  errorMessage,
  isHeddleError,
} from '@heddle/core'
import { errorChannel, stateChannel } from '../local/channels.ts'
import { queryState } from '../local/query-state.ts'
import { needsSeat } from '../local/seat.ts'
import { sharesOf } from '../stages/shares-of.ts'
import { mergeMetrics } from './merge-metrics.ts'
import type { ThreadSettings } from './options.ts'
import { Thread } from './thread.ts'
import { uncommitted } from './uncommitted.ts'

/** A topology that runs in threads of its own. */
export class ThreadDeployment {
  #topology: Topology
  #place: unknown
  readonly #log: Log
  readonly #clock: Clock
  readonly #settings: ThreadSettings
  readonly #startedAt: number
  #threads: readonly Thread[] = []
  #paused = false
  #parallelism: Readonly<Record<string, number>> = {}
  #lastError: TopologyStatus['lastError']
  #lastMetrics: TopologyMetrics
  /** One operation after the other. */
  #doing: Promise<unknown> = Promise.resolve()

  constructor(topology: Topology, place: unknown, log: Log, clock: Clock, settings: ThreadSettings) {
    this.#topology = topology
    this.#place = place
    this.#log = log
    this.#clock = clock
    this.#settings = settings
    this.#startedAt = clock.now()
    this.#lastMetrics = mergeMetrics(topology.name, [])
  }

  get topology(): Topology {
    return this.#topology
  }

  /** @throws What starting it throws; no thread is left then. */
  async start(options: UpgradeOptions): Promise<void> {
    await this.#do(() => this.#startAll(options))
  }

  /**
   * Puts another version in the place of this one, when that has finished what is under way. When that does not start, nothing
   * runs any more: what is at the old place may be other code by now.
   *
   * @throws HEDDLE_UPGRADE_INCOMPATIBLE, or HEDDLE_UPGRADE_FAILED with what starting it threw.
   */
  replace(topology: Topology, place: unknown, options: UpgradeOptions, waitMs: number): Promise<void> {
    return this.#do(async () => {
      const before = { topology: this.#topology, place: this.#place, parallelism: this.#parallelism }
      this.#checkThreads(topology.plan.settings.threads ?? 1, topology)
      await this.#stopAll(waitMs)
      this.#topology = topology
      this.#place = place
      this.#parallelism = {}
      try {
        await this.#startAll(options)
      } catch (error) {
        await this.#stopAll(0)
        this.#topology = before.topology
        this.#place = before.place
        this.#parallelism = before.parallelism
        if (isHeddleError(error, 'HEDDLE_UPGRADE_INCOMPATIBLE')) throw error
        throw new HeddleError('HEDDLE_UPGRADE_FAILED', `'${topology.name}': ${errorMessage(error)}`, {
          cause: error,
        })
      }
    })
  }

  /** No thread of it is there. */
  get idle(): boolean {
    return this.#threads.length === 0
  }

  get status(): TopologyStatus {
    const { name, plan } = this.topology
    const threads = this.#threads.map(({ status }) => status)
    const running = threads.some(({ state }) => state === 'running')
    return {
      name,
      state: running ? (this.#paused ? 'inactive' : 'active') : 'starting',
      guarantee: plan.settings.guarantee,
      startedAt: this.#startedAt,
      tasks:
        threads.length *
        plan.components.reduce((sum, { id, parallelism }) => sum + (this.#parallelism[id] ?? parallelism), 0),
      threads,
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  async describe(): Promise<TopologyDescription> {
    const { name, plan } = this.topology
    const inside = await Promise.all(
      this.#threads.map((thread) => thread.glance<TopologyStatus[]>('list', true)),
    )
    const found = inside.flatMap((listed) => listed ?? []).filter((each) => each.name === name)
    const reported = found.flatMap(({ lastError }) => lastError ?? [])
    const restoring = found.flatMap((each) => each.restoring ?? [])
    const standby = found.flatMap((each) => each.standby ?? [])
    const lastError = [...reported, ...(this.#lastError ? [this.#lastError] : [])].sort(
      (a, b) => b.at - a.at,
    )[0]
    return {
      ...this.status,
      ...(restoring.length > 0 && { restoring }),
      ...(standby.length > 0 && { standby }),
      ...(lastError && { lastError }),
      shares: await sharesOf(this.#log, plan),
      plan,
      metrics: await this.metrics(),
    }
  }

  /**
   * Of the threads that answer at once; what others have counted is gone with them. When none does, what was last known, with a
   * lag that goes on growing.
   */
  async metrics(): Promise<TopologyMetrics> {
    const asked = await Promise.all(this.#threads.map((thread) => thread.glance<TopologyMetrics>('metrics')))
    const answered = asked.flatMap((each) => each ?? [])
    if (answered.length > 0) this.#lastMetrics = mergeMetrics(this.topology.name, answered)
    else this.#lastMetrics = { ...this.#lastMetrics, lag: await uncommitted(this.#log, this.topology.plan) }
    return this.#lastMetrics
  }

  activate(): Promise<void> {
    return this.#do(async () => {
      this.#paused = false
      await this.#all('activate')
    })
  }

  deactivate(): Promise<void> {
    return this.#do(async () => {
      this.#paused = true
      await this.#all('deactivate')
    })
  }

  rebalance(parallelism: Readonly<Record<string, number>>, threads: number | undefined): Promise<void> {
    if (threads !== undefined) this.#checkThreads(threads)
    return this.#do(async () => {
      if (Object.keys(parallelism).length > 0) {
        await this.#all('rebalance', parallelism)
        this.#parallelism = { ...this.#parallelism, ...parallelism }
      }
      if (threads !== undefined) await this.#resize(threads)
    })
  }

  state(query: StateQuery): Promise<StatePage> {
    return queryState(this.#log, this.topology.plan, query)
  }

  kill(waitMs: number): Promise<void> {
    return this.#do(async () => {
      await this.#stopAll(waitMs)
      this.#publishState('stopped')
    })
  }

  #do<T>(operation: () => Promise<T>): Promise<T> {
    const done = this.#doing.then(operation)
    this.#doing = done.catch(() => {})
    return done
  }

  async #startAll(options: UpgradeOptions): Promise<void> {
    const { threads = 1 } = this.#topology.plan.settings
    this.#checkThreads(threads)
    await this.#resize(threads, options)
  }

  async #stopAll(waitMs: number): Promise<void> {
    const threads = this.#threads
    this.#threads = []
    await Promise.all(threads.map((thread) => thread.stop(waitMs)))
  }

  async #all(method: string, ...args: readonly unknown[]): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.call(method, ...args)))
  }

  #checkThreads(threads: number, { name, plan } = this.#topology): void {
    if (!Number.isInteger(threads) || threads < 1)
      throw new HeddleError(
        'HEDDLE_TOPOLOGY_INVALID',
        `threads of '${name}' must be a whole number from 1 on, and is ${threads}`,
      )
    if (threads > 1 && this.#settings.keyPartitions === 1 && needsSeat(plan))
      throw new HeddleError(
        'HEDDLE_ENGINE_UNSUPPORTED',
        `'${name}' has state, which is not shared out over threads: put what needs ${threads} of them into a topology of its own, without state, or set keyPartitions`,
      )
  }

  /** Starts threads, or stops the last ones: the group gives their partitions to the others. */
  async #resize(wanted: number, options: UpgradeOptions = {}): Promise<void> {
    while (this.#threads.length > wanted) {
      const last = this.#threads.at(-1)!
      this.#threads = this.#threads.slice(0, -1)
      await last.stop(this.#settings.drainMs)
    }
    while (this.#threads.length < wanted) {
      const thread = this.#thread(this.#threads.length)
      this.#threads = [...this.#threads, thread]
      try {
        // The first one makes the version the one that runs.
        await thread.start(this.#threads.length === 1 ? options : {})
        await this.#settle(thread)
      } catch (error) {
        this.#threads = this.#threads.filter((each) => each !== thread)
        throw error
      }
    }
  }

  #thread(index: number): Thread {
    const thread: Thread = new Thread({
      topology: this.topology.name,
      index,
      place: this.#place,
      log: this.#log,
      clock: this.#clock,
      settings: this.#settings,
      failed: (error) => this.#report(error),
      recovered: () => void this.#settle(thread).catch((error: unknown) => this.#report(error)),
    })
    return thread
  }

  /** Brings a thread that has just begun to where the others are. */
  async #settle(thread: Thread): Promise<void> {
    if (Object.keys(this.#parallelism).length > 0) await thread.call('rebalance', this.#parallelism)
    if (this.#paused) await thread.call('deactivate')
  }

  #report(error: unknown): void {
    const { name } = this.topology
    this.#lastError = { component: name, message: errorMessage(error), at: this.#clock.now() }
    if (errorChannel.hasSubscribers) errorChannel.publish({ topology: name, component: undefined, error })
    this.#publishState('starting')
  }

  #publishState(state: 'starting' | 'stopped'): void {
    const { name, plan } = this.topology
    if (stateChannel.hasSubscribers)
      stateChannel.publish({ topology: name, state, guarantee: plan.settings.guarantee })
  }
}
