import type {
  Clock,
  GroupMember,
  Log,
  PlanComponent,
  Spout,
  SpoutCode,
  Topology,
  TopicPartition,
} from '@heddle/core'
import { HeddleError } from '@heddle/core'
import { shellSpout } from '../multilang/shell-spout.ts'
import { ComponentState } from '../state/component-state.ts'
import { TaskState } from '../state/task-state.ts'
import { ComponentTimers } from '../state/timers.ts'
import { AtLeastOnce } from './at-least-once.ts'
import { deadLetterChannel } from './channels.ts'
import { savedTimes } from './committer.ts'
import type { ComponentStats } from './component-stats.ts'
import { deadLetter } from './dead-letter.ts'
import { EventTime } from './event-time.ts'
import { CurrentEpoch, ExactlyOnce } from './exactly-once.ts'
import type { Ground, Processing } from './ground.ts'
import { Ingest } from './ingest.ts'
import { type GaveUp, Network, type SpoutTask, componentsOf, numberTasks } from './network.ts'
import type { Settings } from './options.ts'
import { readRecord, storeName, timersName } from './plan-record.ts'
import { Run } from './run.ts'
import { needsSeat } from './seat.ts'
import { SpoutDriver } from './spout-driver.ts'
import type { Appender } from './task-output.ts'
import { TopicSpout } from './topic-spout.ts'
import { TopicWriter } from './topic-writer.ts'
import { ensureTopics } from './topics.ts'
import type { TopologyStats } from './topology-stats.ts'

/** When no partition was assigned within this time, in milliseconds, other processes have them all. */
const standbyMs = 1000

export interface RunContext {
  readonly topology: Topology
  readonly parallelism: ReadonlyMap<string, number>
  readonly log: Log
  readonly clock: Clock
  readonly settings: Settings
  readonly stats: TopologyStats
  readonly componentStats: ReadonlyMap<string, ComponentStats>
  readonly report: (component: string | undefined, error: unknown) => void
  /** Sinks have more to deliver than they may. */
  readonly congested: () => boolean
  /** So many records were appended to a topic. */
  readonly appended: (topic: string, records: number) => void
}

/**
 * Starts the tasks of a topology, and resolves when they run.
 * @throws What opening them throws; nothing is left running then.
 */
export async function startRun(context: RunContext): Promise<Run> {
  const { topology, parallelism, log, clock, settings, report } = context
  const { plan, name } = topology
  const sizes = await ensureTopics(log, plan)
  const meta = await log.store(name)
  const times = savedTimes(meta)
  const eventTime = new EventTime(plan, clock, times.watermark)
  const states = new Map<string, ComponentState>()
  const record = readRecord(meta)
  for (const { id } of plan.components)
    states.set(
      id,
      new ComponentState(await log.store(storeName(record, name, id)), settings.stateCacheEntries),
    )

  const timers = new Map<string, ComponentTimers>()
  for (const { id } of plan.components)
    timers.set(
      id,
      new ComponentTimers(new ComponentState(await log.store(timersName(storeName(record, name, id))), 0)),
    )

  const killed = new AbortController()
  let processing: Processing | undefined
  const abort = (error: unknown): void => processing?.abort(error)
  const current = new CurrentEpoch()
  const sizeOf = (topic: string): number => sizes.get(topic) ?? Infinity
  const letters = new DeadLetters(context, sizeOf(plan.settings.deadLetterTopic))
  const appender: Appender =
    plan.settings.guarantee === 'exactly-once'
      ? current
      : new TopicWriter({
          log,
          clock,
          settings,
          signal: killed.signal,
          refused: (topic, root, error) => {
            // What even the dead letters do not take is not lost: the run cannot go past it.
            if (topic === plan.settings.deadLetterTopic) abort(error)
            else letters.write({ ...letters.unknown(root.startedAt), component: topic, root, error })
          },
          report: (error) => report(undefined, error),
          broken: abort,
          appended: context.appended,
        })
  letters.appender = appender

  const numbers = numberTasks(plan, parallelism)
  const network = new Network(topology, numbers, {
    clock,
    random: settings.random,
    appender,
    stats: context.componentStats,
    states,
    timers,
    signal: killed.signal,
    timeOf: (component) => eventTime.timeOf(component),
    maxRecordBytes: sizeOf,
    deadLetter: (gaveUp) => letters.write(gaveUp),
    report,
  })
  const ingest = new Ingest({
    topology: name,
    log,
    clock,
    settings,
    spouts: topicSpouts(context, network.spouts),
    timed: network.bolts.some(({ takes }) => takes.watermark || takes.timer),
    timeOf: times.timeOf,
    refused: (root, { component, stats }, error) => {
      stats.failed++
      stats.deadLettered++
      report(component, error)
      letters.write({ ...letters.unknown(root.startedAt), component, root, error })
    },
  })

  const spouts = network.spouts
    .filter(({ component }) => component.operator !== 'topic')
    .map((task) => spoutDriver(context, task, network, componentsOf(numbers), () => processing?.wake()))
  let opened: readonly (() => Promise<void> | void)[] = []
  try {
    await network.open()
    opened = [() => network.close()]
    for (const [at, driver] of spouts.entries()) {
      const task = network.spouts.filter(({ component }) => component.operator !== 'topic')[at]!
      await driver.open({
        topology: name,
        component: task.component.id,
        task: task.number,
        index: task.index,
        tasks: numbers.get(task.component.id)!.length,
        clock,
        state: new TaskState(states.get(task.component.id)!, undefined),
        tasksOf: (other) => numbers.get(other) ?? [],
        signal: killed.signal,
        log,
      })
      opened = [...opened, () => driver.close()]
    }
    const topics = [...new Set(topicSpouts(context, network.spouts).map(({ topic }) => topic))]
    const member = topics.length === 0 ? undefined : await join(context, topics, () => processing)
    if (member) opened = [...opened, () => member.leave()]
    // Where several processes share the work, each has a transactor of its own; else a new one fences the former.
    const shared = member !== undefined && !needsSeat(plan)
    const transactor = await log.transactor(shared ? `${name}/${member.member}` : name)
    const ground: Ground = {
      topology,
      log,
      clock,
      settings,
      network,
      ingest,
      member,
      eventTime,
      states: [...states.values(), ...[...timers.values()].map(({ state }) => state)],
      timers,
      meta,
      transactor,
      stats: context.stats,
      report,
      congested: context.congested,
      appended: context.appended,
    }
    processing =
      plan.settings.guarantee === 'exactly-once'
        ? new ExactlyOnce(ground, current)
        : new AtLeastOnce(ground, spouts)
    const run = new Run(ground, processing, spouts, killed)
    if (member) {
      processing.assigned(member.assignment)
      const { promise, resolve } = Promise.withResolvers<void>()
      const elsewhere = clock.after(standbyMs, resolve)
      await Promise.race([processing.ready, run.ended, promise]).finally(() => elsewhere.clear())
    }
    return run
  } catch (error) {
    killed.abort()
    for (const close of opened.toReversed()) await Promise.resolve(close()).catch(() => {})
    throw error
  }
}

function join(
  { log, topology, settings }: RunContext,
  topics: readonly string[],
  processing: () => Processing | undefined,
): Promise<GroupMember> {
  return log.joinGroup({
    group: topology.name,
    // A run takes the place of the one before, also where that could not leave.
    member: settings.instance,
    topics,
    onAssigned: (partitions: readonly TopicPartition[]) => processing()?.assigned(partitions),
    onRevoked: (partitions: readonly TopicPartition[]) => processing()?.revoked(partitions),
    onLost: () => processing()?.abort(new HeddleError('HEDDLE_LOG_FENCED', `group '${topology.name}'`)),
  })
}

function topicSpouts(context: RunContext, tasks: readonly SpoutTask[]): readonly TopicSpout[] {
  const { topology, componentStats } = context
  const ids = new Set(
    tasks.filter(({ component }) => component.operator === 'topic').map(({ component }) => component.id),
  )
  return [...ids].map(
    (id) =>
      new TopicSpout(
        tasks.filter(({ component }) => component.id === id),
        topology.code.get(id) ?? {},
        componentStats.get(id)!,
      ),
  )
}

function spoutDriver(
  context: RunContext,
  task: SpoutTask,
  network: Network,
  componentOf: Readonly<Record<string, string>>,
  changed: () => void,
): SpoutDriver {
  const { topology, clock, settings, componentStats, stats, report, congested } = context
  const spout = spoutOf(topology, task.component, componentOf)
  return new SpoutDriver(task, spout, {
    topology: topology.name,
    clock,
    settings,
    maxPending: topology.plan.settings.maxPending,
    stats: componentStats.get(task.component.id)!,
    topologyStats: stats,
    congested: () => network.queued >= settings.maxQueuedTuples || congested(),
    report,
    abandon: (root) => network.abandon(root),
    changed,
  })
}

function spoutOf(
  topology: Topology,
  component: PlanComponent,
  componentOf: Readonly<Record<string, string>>,
): Spout {
  if (component.operator === 'shell') return shellSpout(component, topology.name, componentOf)
  const code = topology.code.get(component.id)?.['spout'] as SpoutCode
  return 'create' in code ? code.create() : code
}

/** Writes dead letters, one for each root. */
class DeadLetters {
  appender: Appender | undefined
  readonly #context: RunContext
  readonly #maxBytes: number

  constructor(context: RunContext, maxBytes: number) {
    this.#context = context
    this.#maxBytes = maxBytes
  }

  /** What is not known where nothing was executed. */
  unknown(at: number): Pick<GaveUp, 'attempts' | 'firstFailedAt' | 'lastFailedAt' | 'value'> {
    return { attempts: 1, firstFailedAt: at, lastFailedAt: at, value: undefined }
  }

  write(gaveUp: GaveUp): void {
    const { root, component, error, attempts } = gaveUp
    const { topology } = this.#context
    const topic = topology.plan.settings.deadLetterTopic
    if (root.deadLettered) return
    root.deadLettered = true
    this.appender!.append(topic, deadLetter(topology.name, gaveUp, topic, this.#maxBytes), root)
    if (deadLetterChannel.hasSubscribers)
      deadLetterChannel.publish({ topology: topology.name, component, topic, error, attempts })
  }
}
