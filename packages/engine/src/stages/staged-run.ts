import {
  type GroupMember,
  type Plan,
  type Position,
  type Topology,
  type TopicPartition,
  sleep,
} from '@heddle/core'
import type { Run, Running } from '../local/run.ts'
import { Seat } from '../local/seat.ts'
import { type RunContext, startRun } from '../local/start-run.ts'
import { TopologyStats } from '../local/topology-stats.ts'
import type { Share, ShareInlet } from './share.ts'
import { partsOfStage } from './share.ts'
import { topicsBefore } from './stage-times.ts'
import {
  type Stage,
  hasTopic,
  outletsOf,
  repartitionTopic,
  spoutsStage,
  stageGroup,
  stagesOf,
  topicsStage,
} from './stages.ts'

/** How long a run whose partition moves to another process may take to finish, in milliseconds: half of the usual session. */
const moveMs = 5000

/** How often to look whether all has arrived that was under way between stages, in milliseconds. */
const drainLookMs = 20

export interface StagesContext extends Omit<RunContext, 'share'> {
  /** Partitions of each input topic. */
  readonly inputs: ReadonlyMap<string, number>
  /** How many shares the keys are cut into. */
  readonly partitions: number
}

/**
 * A topology that runs in stages, as far as they are this process's: its share of the input topics, and of each stage with keys
 * the partitions that the stage's group gives it, each as a run with state and transactions of its own.
 */
export class StagedRun implements Running {
  /** Rejects when one of the runs cannot go on, and resolves when all were stopped. */
  readonly ended: Promise<void>
  readonly #context: StagesContext
  readonly #stages: readonly Stage[]
  readonly #broken = Promise.withResolvers<void>()
  readonly #stopped = new AbortController()
  readonly #runs = new Map<string, Run>()
  readonly #members: GroupMember[] = []
  readonly #purged = new Map<string, number>()
  #seat: Seat | undefined
  #paused = false
  #leaving = false

  private constructor(context: StagesContext) {
    this.#context = context
    this.#stages = stagesOf(context.topology.plan, context.partitions)
    this.ended = this.#broken.promise
    this.ended.catch(() => {})
  }

  /** @throws What joining the groups or starting what this process has at once throws; nothing runs then. */
  static async start(context: StagesContext): Promise<StagedRun> {
    const run = new StagedRun(context)
    try {
      await run.#start()
      return run
    } catch (error) {
      await run.close()
      throw error
    }
  }

  get pending(): number {
    return this.#sum(({ pending }) => pending)
  }

  async lag(): Promise<number> {
    const lags = await Promise.all([...this.#runs.values()].map((run) => run.lag()))
    return lags.reduce((sum, lag) => sum + lag, 0)
  }

  pause(): void {
    this.#paused = true
    for (const run of this.#runs.values()) run.pause()
  }

  resume(): void {
    this.#paused = false
    for (const run of this.#runs.values()) run.resume()
  }

  wake(): void {
    for (const run of this.#runs.values()) run.wake()
  }

  /**
   * Stops the stages in their order.
   * @param drain What is on its way between them arrives before.
   */
  async stop(waitMs: number, drain = false): Promise<boolean> {
    const { clock } = this.#context
    const until = clock.now() + waitMs
    const left = (): number => Math.max(0, until - clock.now())
    let inTime = true
    for (const { id } of this.#stages) {
      const runs = this.#runsOf(id)
      if (drain && hasTopic({ id })) await this.#drained(runs, left)
      const done = await Promise.all(runs.map((run) => run.stop(left())))
      inTime &&= done.every(Boolean)
    }
    await this.close()
    return inTime
  }

  async close(): Promise<void> {
    this.#leaving = true
    this.#stopped.abort()
    const runs = [...this.#runs.values()]
    this.#runs.clear()
    await Promise.all(runs.map((run) => run.close()))
    const leaving = this.#members.splice(0).map((member) => member.leave())
    if (this.#seat) leaving.push(this.#seat.leave())
    const report = (error: unknown): void => this.#context.report(undefined, error)
    await Promise.all(leaving.map((left) => left.catch(report)))
    this.#broken.resolve()
  }

  async #start(): Promise<void> {
    const { log, clock, topology, settings } = this.#context
    for (const stage of this.#stages) {
      if (!hasTopic(stage)) continue
      const topic = repartitionTopic(topology.name, stage.id)
      const member: GroupMember = await log.joinGroup({
        group: stageGroup(topology.name, stage.id),
        topics: [topic],
        member: settings.instance,
        onAssigned: (places) => this.#take(stage, places, () => member),
        onRevoked: (places) => this.#give(stage, places, moveMs),
        onLost: (places) => this.#give(stage, places, 0),
      })
      this.#members.push(member)
    }
    for (const stage of this.#stages) {
      if (stage.id === topicsStage) await this.#open(stage, undefined)
      if (stage.id === spoutsStage) await this.#sit(stage, topology.plan)
    }
    void this.#purge(clock)
  }

  /** The user's spouts run in one process. */
  async #sit(stage: Stage, plan: Plan): Promise<void> {
    const { log, clock } = this.#context
    let started = false
    const seat = new Seat(plan, {
      log,
      clock,
      taken: () => void (started && this.#attempt(() => this.#open(stage, undefined))),
      left: (lost) => this.#stopRun(runName(stage, 0), lost ? 0 : moveMs),
    })
    this.#seat = seat
    await seat.start()
    started = true
    if (seat.held) await this.#open(stage, undefined)
  }

  async #take(stage: Stage, places: readonly TopicPartition[], member: () => GroupMember): Promise<void> {
    await this.#attempt(() =>
      Promise.all(
        places.map((place) =>
          this.#open(stage, { ...place, member: member(), timeSources: this.#timeSources(stage) }),
        ),
      ),
    )
  }

  async #give(stage: Stage, places: readonly TopicPartition[], waitMs: number): Promise<void> {
    await Promise.all(places.map(({ partition }) => this.#stopRun(runName(stage, partition), waitMs)))
  }

  async #stopRun(name: string, waitMs: number): Promise<void> {
    const run = this.#runs.get(name)
    this.#runs.delete(name)
    await run?.stop(waitMs)
  }

  async #attempt(start: () => Promise<unknown>): Promise<void> {
    try {
      await start()
    } catch (error) {
      this.#fail(error)
    }
  }

  async #open(stage: Stage, inlet: ShareInlet | undefined): Promise<void> {
    if (this.#leaving) return
    const { topology, partitions: _, ...context } = this.#context
    const share: Share = {
      stage,
      whole: topology.plan,
      outlets: outletsOf(topology.name, stage, this.#stages),
      inlet,
    }
    const run = await startRun({
      ...context,
      // Only the first stage counts events: what follows counts what came of them.
      stats: inlet ? new TopologyStats() : context.stats,
      topology: partOf(topology, share),
      share,
    })
    const name = runName(stage, inlet?.partition ?? 0)
    this.#runs.set(name, run)
    if (this.#leaving) {
      await run.close()
      return
    }
    if (this.#paused) run.pause()
    run.ended.catch((error: unknown) => {
      if (this.#runs.get(name) === run) this.#fail(error)
    })
  }

  #fail(error: unknown): void {
    if (!this.#leaving) this.#broken.reject(error)
  }

  /** Parts of the stages before that event time comes from. */
  #timeSources(stage: Stage): readonly string[] {
    const { topology, inputs } = this.#context
    const before = this.#stages.flatMap((other) => {
      const outlet = outletsOf(topology.name, other, this.#stages).find(
        ({ stage: { id } }) => id === stage.id,
      )
      if (!outlet) return []
      if (other.id !== topicsStage) return partsOfStage(other)
      return [...topicsBefore(other, outlet)].flatMap((topic) =>
        Array.from({ length: inputs.get(topic) ?? 1 }, (_, partition) => `${topic}/${partition}`),
      )
    })
    return before
  }

  #runsOf(stage: string): readonly Run[] {
    return [...this.#runs].filter(([name]) => name.startsWith(`${stage}/`)).map(([, run]) => run)
  }

  #sum(of: (run: Run) => number): number {
    let sum = 0
    for (const run of this.#runs.values()) sum += of(run)
    return sum
  }

  async #drained(runs: readonly Run[], left: () => number): Promise<void> {
    for (const run of runs)
      while (left() > 0 && (run.pending > 0 || (await run.lag()) > 0))
        await sleep(this.#context.clock, drainLookMs, this.#stopped.signal)
  }

  /** Deletes what the stages are done with, now and then. */
  async #purge(clock: StagesContext['clock']): Promise<void> {
    const { log, settings, report } = this.#context
    const { signal } = this.#stopped
    if (!log.deleteRecords) return
    for (;;) {
      await sleep(clock, settings.purgeMs, signal)
      if (signal.aborted) return
      for (const { topic, partition, offset } of this.#doneWith())
        try {
          await log.deleteRecords({ topic, partition, offset })
          this.#purged.set(`${topic}/${partition}`, offset)
        } catch (error) {
          report(undefined, error)
        }
    }
  }

  #doneWith(): readonly Position[] {
    const found: Position[] = []
    for (const { id } of this.#stages) {
      if (!hasTopic({ id })) continue
      for (const run of this.#runsOf(id))
        for (const place of run.committed)
          if (place.offset > (this.#purged.get(`${place.topic}/${place.partition}`) ?? 0)) found.push(place)
    }
    return found
  }
}

const runName = ({ id }: Stage, partition: number): string => `${id}/${partition}`

/** The topology with the plan of one stage. Its event time is the stages' before, which have let for what is out of order. */
function partOf(topology: Topology, { stage, whole, inlet }: Share): Topology {
  const plan: Plan = {
    ...whole,
    components: stage.components,
    settings: inlet ? { ...whole.settings, maxOutOfOrderMs: 0 } : whole.settings,
  }
  return { name: topology.name, plan, code: topology.code }
}
