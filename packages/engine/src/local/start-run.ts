import type {
  Clock,
  GroupMember,
  Log,
  Plan,
  PlanComponent,
  Spout,
  SpoutCode,
  Store,
  Topology,
  TopicPartition,
  Transactor,
} from '@heddle/core'
import { HeddleError } from '@heddle/core'
import { shellSpout } from '../multilang/shell-spout.ts'
import { stateless } from '../operators/table.ts'
import { takesOf } from '../operators/takes.ts'
import { CarriedInlet, carriedRoots } from '../stages/carried-inlet.ts'
import { CarriedTimes } from '../stages/carried-times.ts'
import type { CarryTarget } from '../stages/carry-route.ts'
import { type RunNames, type Share, shareNames } from '../stages/share.ts'
import { announcerFor } from '../stages/stage-times.ts'
import { ComponentState } from '../state/component-state.ts'
import { TaskState } from '../state/task-state.ts'
import { ComponentTimers } from '../state/timers.ts'
import { AtLeastOnce } from './at-least-once.ts'
import { savedTimes } from './committer.ts'
import type { ComponentStats } from './component-stats.ts'
import { DeadLetters } from './dead-letters.ts'
import { EventTime } from './event-time.ts'
import { CurrentEpoch, ExactlyOnce } from './exactly-once.ts'
import type { Ground, Processing } from './ground.ts'
import { Ingest, type Inlet, eventRoot } from './ingest.ts'
import { Network, type SpoutTask, componentsOf, numberTasks } from './network.ts'
import type { Settings } from './options.ts'
import { readRecord, storeName, timersName } from './plan-record.ts'
import type { Restores } from './restores.ts'
import { Run } from './run.ts'
import { needsSeat } from './seat.ts'
import { SpoutDriver } from './spout-driver.ts'
import type { Appender } from './task-output.ts'
import { TopicSpout } from './topic-spout.ts'
import { TopicWriter } from './topic-writer.ts'
import type { TopologyStats } from './topology-stats.ts'

/** When no partition was assigned within this time, in milliseconds, other processes have them all. */
const standbyMs = 1000

export interface RunContext {
  /** With the plan of its part, where it runs only a part. */
  readonly topology: Topology
  /** The part that it runs, and has a share of; left out where it runs all. */
  readonly share?: Share
  /** Largest record that each topic takes, in bytes. */
  readonly sizes: ReadonlyMap<string, number>
  readonly parallelism: ReadonlyMap<string, number>
  readonly log: Log
  readonly clock: Clock
  readonly settings: Settings
  /** Told of stores that have to be read before it can begin. */
  readonly restores: Restores
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
  const { topology, share, log } = context
  const names = share ? shareNames(topology.name, share) : wholeNames(topology.plan)
  // First of all: whoever ran this before can write no more, so that the state which is read below is the last.
  const transactor = names.transactor === undefined ? undefined : await log.transactor(names.transactor)
  try {
    return await begin(context, names, transactor)
  } catch (error) {
    await transactor?.close().catch(() => {})
    throw error
  }
}

async function begin(
  context: RunContext,
  names: RunNames,
  ownTransactor: Transactor | undefined,
): Promise<Run> {
  const { topology, share, parallelism, log, clock, settings, sizes, report } = context
  const { plan, name } = topology
  const whole = share?.whole ?? plan
  const inlet = share?.inlet
  const record = readRecord(await log.store(name))
  const meta = await log.store(names.meta)
  const times = savedTimes(meta)
  const eventTime = new EventTime(plan, clock, times.watermark)
  const states = new Map<string, ComponentState>()
  const timers = new Map<string, ComponentTimers>()
  for (const component of plan.components) {
    const { id, operator } = component
    const usual = names.state(storeName(record, name, id))
    // What has nothing to keep needs no place for it: on Kafka each is a topic.
    const open = async (store: string, needed: boolean): Promise<Store> =>
      needed ? log.store(store, context.restores.options) : nothingKept(store)
    const { timers: timed } = takesOf(component, topology.code.get(id) ?? {}, name)
    const state = await open(usual, !stateless.has(operator))
    states.set(id, new ComponentState(state, settings.stateCacheEntries))
    timers.set(id, new ComponentTimers(new ComponentState(await open(timersName(usual), timed), 0)))
  }

  const killed = new AbortController()
  let processing: Processing | undefined
  const abort = (error: unknown): void => processing?.abort(error)
  const current = new CurrentEpoch()
  const sizeOf = (topic: string): number => sizes.get(topic) ?? Infinity
  const letters = new DeadLetters(topology, log, sizeOf(plan.settings.deadLetterTopic))
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

  const carried = inlet && new CarriedTimes(inlet.timeSources, times.source)
  const numbers = numberTasks(whole, parallelism)
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
    whole,
    wayTo: (component) => ({
      ...wayOut(share!, component),
      tasks: numbers.get(component.id)!,
      append: (topic, carriedRecord, root) => appender.append(topic, carriedRecord, root),
      refused: (root, emitter, error) => {
        report(emitter, error)
        letters.write({ ...letters.unknown(root.startedAt), component: emitter, root, error })
      },
    }),
    report,
  })
  const inlets: readonly Inlet[] = inlet
    ? [new CarriedInlet(inlet.topic, share.stage, network, whole)]
    : topicSpouts(context, network.spouts)
  const announcer = announcerFor(topology, share, clock, eventTime, () => ingest.lanes)
  const ingest: Ingest = new Ingest({
    topology: name,
    log,
    clock,
    settings,
    spouts: inlets,
    rootOf: carried ? carriedRoots(carried) : eventRoot,
    // Else it comes from the stages before.
    timed:
      !inlet &&
      (announcer !== undefined || network.bolts.some(({ takes }) => takes.watermark || takes.timer)),
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
    const topics = [...new Set(inlets.map(({ topic }) => topic))]
    const joined = topics.length === 0 || inlet ? undefined : await join(context, topics, () => processing)
    if (joined) opened = [...opened, () => joined.leave()]
    const member = inlet?.member ?? joined
    // Members that share the partitions have a transactor each.
    const transactor = ownTransactor ?? (await log.transactor(`${name}/${member!.member}`))
    const ground: Ground = {
      topology,
      log,
      clock,
      settings,
      network,
      ingest,
      member,
      joined: joined !== undefined,
      eventTime,
      carried,
      announcer,
      states: [...states.values(), ...[...timers.values()].map(({ state }) => state)],
      timers,
      meta,
      transactor,
      appender,
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
    if (inlet) {
      processing.assigned([inlet])
      await Promise.race([processing.ready, run.ended])
    } else if (member) {
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

/** Names of what a run of all of a topology writes. */
const wholeNames = (plan: Plan): RunNames => ({
  meta: plan.name,
  transactor:
    needsSeat(plan) || !plan.components.some(({ operator }) => operator === 'topic') ? plan.name : undefined,
  state: (store) => store,
})

function wayOut(
  { outlets, whole }: Share,
  component: PlanComponent,
): Pick<CarryTarget, 'topic' | 'partitions' | 'remembered'> {
  const { topic, stage } = outlets.find(({ stage: { components } }) =>
    components.some(({ id }) => id === component.id),
  )!
  return {
    topic,
    partitions: stage.partitions,
    // The only ones that are asked for.
    remembered: whole.components.filter(({ operator }) => operator === 'scatter').map(({ id }) => id),
  }
}

const nothingKept = (name: string): Store => ({
  name,
  get: () => undefined,
  entries: () => [],
  size: () => 0,
})

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
