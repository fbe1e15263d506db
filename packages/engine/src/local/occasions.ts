import { type FiredTimer, HeddleError, type TimerKind, murmur2 } from '@heddle/core'
import type { Announcer } from '../stages/announcer.ts'
import type { BoltTask } from './bolt-task.ts'
import type { TimeSource } from './event-time.ts'
import type { Ground } from './ground.ts'
import type { Ingest } from './ingest.ts'
import type { Network } from './network.ts'
import { retryDelay } from './retry-delay.ts'
import { Root } from './root.ts'
import type { TaskOutput } from './task-output.ts'

/**
 * How many timers of a component one commit takes, so that it stays small however many are due; more only where more than
 * these are due at the same millisecond of event time.
 */
const timersPerPass = 10_000

/** How many of them are fired between two looks at the clock. */
const timersAtOnce = 1000

/** How often bolts of the user's are told of event time where it follows the clock, in milliseconds. */
const idleStepMs = 1000

/** What they stand on: the same on the local engine and in a task on Storm. */
export interface OccasionsGround extends Pick<
  Ground,
  'topology' | 'clock' | 'settings' | 'eventTime' | 'announcer' | 'timers' | 'report'
> {
  /** What event time comes from, where that is no input topic: it wakes whoever waits. */
  readonly carried: object | undefined
  readonly network: Pick<Network, 'bolts' | 'tasksOf'>
  readonly ingest: Pick<Ingest, 'lookAtEnds'>
}

/** A timer whose bolt threw. */
interface Failing {
  attempts: number
  /** Clock time of the next attempt. */
  notBefore: number
}

/** Ticks, timers, and the progress of event time: what bolts are called for without a tuple. */
export class Occasions {
  readonly #ground: OccasionsGround
  readonly #ticking: boolean
  readonly #timed: boolean
  readonly #announcer: Announcer | undefined
  /** Ids of components that take timers. */
  readonly #timing: ReadonlySet<string>
  /** By component, kind and key. */
  readonly #failing = new Map<string, Failing>()
  readonly #sources: () => Iterable<TimeSource>
  #lastTick: number
  /** Event time waits for timers that the pass before has left. */
  #held = false
  #sliceEnd = 0
  #root: Root | undefined
  #fail: ((error: unknown) => void) | undefined

  /**
   * @param sources What event time comes from.
   * @param handsOn Somebody behind waits for event time, though it may make no difference here.
   */
  constructor(
    ground: OccasionsGround,
    sources: () => Iterable<TimeSource>,
    handsOn = ground.announcer !== undefined && ground.carried !== undefined,
  ) {
    const { network, topology, clock } = ground
    this.#ground = ground
    this.#sources = sources
    this.#ticking = network.bolts.some(({ takes }) => takes.tick)
    this.#timing = new Set(
      topology.plan.components
        .map(({ id }) => id)
        .filter((id) => network.tasksOf(id).some(({ takes }) => takes.timer)),
    )
    this.#announcer = ground.announcer
    this.#timed = this.#timing.size > 0 || network.bolts.some(({ takes }) => takes.watermark) || handsOn
    this.#lastTick = clock.now()
  }

  /** Something is to be done for them. */
  get wanted(): boolean {
    return this.#ticking || this.#timed
  }

  /**
   * How long may be waited for the next `pass` when nothing else happens, in milliseconds: until the next tick, timer or
   * end of a window; a commit interval at least.
   */
  get restMs(): number {
    const { clock, topology, timers, carried } = this.#ground
    const { commitIntervalMs, tickIntervalMs } = topology.plan.settings
    if (this.#held) return commitIntervalMs
    // Where it comes from the stages before, what it comes with wakes the run.
    let until = this.#timed && !carried ? this.#eventsDueAt() : Number.POSITIVE_INFINITY
    if (this.#announcer) until = Math.min(until, clock.now() + this.#announcer.restMs)
    if (this.#ticking) until = Math.min(until, this.#lastTick + tickIntervalMs)
    for (const id of this.#timing) until = Math.min(until, timers.get(id)!.next('processing'))
    return Math.max(commitIntervalMs, until - clock.now())
  }

  /** Clock time by which event time, where it follows the clock, has come to what bolts wait for. */
  #eventsDueAt(): number {
    const { clock, topology, timers, network, eventTime } = this.#ground
    const { idleAfterMs, maxOutOfOrderMs } = topology.plan.settings
    let due = Number.POSITIVE_INFINITY
    for (const id of this.#timing) due = Math.min(due, timers.get(id)!.next('event') + eventTime.delayOf(id))
    for (const { id } of topology.plan.components)
      for (const { takes, operator } of network.tasksOf(id)) {
        if (!takes.watermark) continue
        if (!operator.wakeAt) return clock.now() + idleStepMs
        due = Math.min(due, operator.wakeAt() + eventTime.delayOf(id))
      }
    return due + idleAfterMs + maxOutOfOrderMs
  }

  /**
   * Calls bolts for what is due, in topological order, and waits until all that comes of it is done. Where more timers are due
   * than one commit should take, event time stops on its way, so that what comes of them is in time for the bolts behind.
   *
   * @param timeoutMs How long that may take for one component.
   * @throws HEDDLE_TUPLE_TIMEOUT
   */
  async pass(timeoutMs: number): Promise<void> {
    const { clock, topology, network, eventTime, ingest } = this.#ground
    const now = clock.now()
    const tick = this.#ticking && now - this.#lastTick >= topology.plan.settings.tickIntervalMs
    if (tick) this.#lastTick = now
    if (this.#timed || this.#announcer) await ingest.lookAtEnds((lane) => eventTime.silent(lane))
    if (this.#timed) this.#advance()
    for (const { id } of topology.plan.components) {
      const tasks = network.tasksOf(id)
      if (tick) await this.#callAll(id, tasks, 'tick', now, timeoutMs)
      // Only now: what came of components before it is in time for where it was.
      const further = this.#timed && eventTime.follow(id)
      if (this.#timing.has(id)) {
        await this.#fire(id, tasks, 'processing', now, timeoutMs)
        await this.#fire(id, tasks, 'event', eventTime.timeOf(id), timeoutMs)
      }
      if (further) await this.#callAll(id, tasks, 'watermark', eventTime.timeOf(id), timeoutMs)
    }
  }

  #advance(): void {
    const { eventTime, timers } = this.#ground
    const reached = eventTime.reached(this.#sources())
    const most = timersPerPass + this.#failing.size
    let time = reached
    for (const id of this.#timing) {
      const delay = eventTime.delayOf(id)
      time = Math.min(time, timers.get(id)!.dueWith(most, 'event', time - delay) + delay)
    }
    this.#held = time < reached
    eventTime.advance(time)
  }

  /** Ends a `pass` that waits. */
  abort(error: unknown): void {
    if (this.#root) this.#root.dead = true
    this.#fail?.(error)
  }

  /** Fires what is due by `time`, also what timers set meanwhile; of processing time, as many as one commit takes. */
  async #fire(
    component: string,
    tasks: readonly BoltTask[],
    kind: TimerKind,
    time: number,
    timeoutMs: number,
  ): Promise<void> {
    const { topology, timers, clock, settings } = this.#ground
    const ofComponent = timers.get(component)!
    const { retry } = topology.plan.components.find(({ id }) => id === component)!
    const nameOf = ({ key }: FiredTimer): string => `${component}/${kind}/${key}`
    const most = kind === 'event' ? Number.POSITIVE_INFINITY : timersPerPass
    for (let fired = 0; fired < most; fired += timersAtOnce) {
      // Those that failed stay where they are, in front of the others.
      const due = ofComponent.due(kind, time, timersAtOnce + this.#failing.size)
      const ready = due.filter((timer) => (this.#failing.get(nameOf(timer))?.notBefore ?? 0) <= clock.now())
      if (ready.length === 0) return
      if (performance.now() > this.#sliceEnd) {
        await new Promise(setImmediate)
        this.#sliceEnd = performance.now() + settings.sliceMs
      }
      const byTask = new Map<BoltTask, FiredTimer[]>()
      for (const timer of ready) {
        const task = tasks.length === 1 ? tasks[0]! : tasks[murmur2(timer.key) % tasks.length]!
        const given = byTask.get(task)
        if (given) given.push(timer)
        else byTask.set(task, [timer])
      }
      const failed = (timer: FiredTimer, error: unknown): void => {
        const failing = this.#failing.get(nameOf(timer)) ?? { attempts: 0, notBefore: 0 }
        failing.attempts++
        failing.notBefore = clock.now() + retryDelay(retry, failing.attempts, settings.random)
        this.#failing.set(nameOf(timer), failing)
        this.#ground.report(component, error)
      }
      const overtaken = (timer: FiredTimer): boolean => ofComponent.overtaken(timer)
      const done = (timer: FiredTimer): void => void this.#failing.delete(nameOf(timer))
      await this.#call(component, [...byTask.keys()], 'timer', time, timeoutMs, (task, root) =>
        task.fire(root, byTask.get(task)!, topology.name, { done, failed, overtaken }),
      )
    }
  }

  #callAll(
    component: string,
    tasks: readonly BoltTask[],
    method: 'tick' | 'watermark',
    time: number,
    timeoutMs: number,
  ): Promise<void> {
    const called = tasks.filter(({ takes }) => takes[method])
    const run = ({ operator }: BoltTask, output: TaskOutput): Promise<void> | void =>
      method === 'tick' ? operator.tick!(output) : operator.watermark!(time, output)
    return this.#call(component, called, method, time, timeoutMs, async (task, root) => {
      try {
        await task.alone(root, (output) => run(task, output))
      } catch (error) {
        this.#ground.report(component, error)
      }
    })
  }

  /** Calls tasks side by side, and waits until all that they put out is done. */
  async #call(
    component: string,
    called: readonly BoltTask[],
    what: string,
    time: number,
    timeoutMs: number,
    run: (task: BoltTask, root: Root) => Promise<void>,
  ): Promise<void> {
    if (called.length === 0) return
    const { clock } = this.#ground
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const owner = {
      begun: (): void => {},
      done: () => resolve(),
      failed: (_: Root, error: unknown) => reject(error),
    }
    const root = new Root(owner, clock.now(), undefined, time)
    const late = clock.after(timeoutMs, () => {
      const message = `the ${what} of '${component}' was not done within ${timeoutMs} ms`
      root.fail(new HeddleError('HEDDLE_TUPLE_TIMEOUT', message))
    })
    this.#root = root
    this.#fail = reject
    try {
      // A call that never ends must not keep `abort` from ending this.
      await Promise.race([Promise.all(called.map((task) => run(task, root))), promise])
      root.release()
      await promise
    } finally {
      late.clear()
      this.#root = undefined
      this.#fail = undefined
    }
  }
}

/** What event time comes from: the partitions and spouts, or what the stages before say. */
export function timeSources(
  { ingest, carried }: Ground,
  spouts: readonly TimeSource[],
): Iterable<TimeSource> {
  if (!carried) return [...ingest.lanes, ...spouts]
  const [lane] = ingest.lanes
  return lane ? carried.sources(lane) : []
}
