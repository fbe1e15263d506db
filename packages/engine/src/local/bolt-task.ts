import {
  type Clock,
  type FiredTimer,
  type PlanComponent,
  type Timer,
  type Timers,
  isHeddleError,
} from '@heddle/core'
import { type Operator, isThenable } from '../operators/operator.ts'
import type { UndoLog } from '../state/undo-log.ts'
import type { ComponentStats } from './component-stats.ts'
import { Deque } from './deque.ts'
import { keyText } from './key-text.ts'
import { retryDelay } from './retry-delay.ts'
import type { Root } from './root.ts'
import type { Receiver } from './route.ts'
import type { TaskOutput } from './task-output.ts'
import type { TaskTuple } from './task-tuple.ts'
import { TimerOutput } from './timer-output.ts'

/** A tuple that could not be executed at once and to its end, and how far it has come. */
export interface Execution {
  readonly tuple: TaskTuple
  readonly key: string | undefined
  /** It holds its key: later tuples of that key wait for it. */
  holding: boolean
  attempts: number
  /** It has a place among the `concurrency` ones. */
  running: boolean
  /** Clock time of its first failure. */
  firstFailedAt: number
  /** Its tree was given up while it ran; nobody waits for it any more. */
  abandoned: boolean
  retry: Timer | undefined
}

/** What a task takes from its surroundings. */
export interface TaskServices {
  readonly clock: Clock
  readonly random: () => number
  readonly newOutput: () => TaskOutput
  /** A tuple failed for good. Holds its root as long as need be. */
  readonly gaveUp: (execution: Execution, error: unknown) => void
  /** The number of tuples that wait somewhere has changed by this much. */
  readonly queued: (change: number) => void
}

/**
 * One task of a bolt.
 *
 * As long as executions end at once (the bolt is synchronous and does not throw), each is a plain call: no queue, no
 * counting. Otherwise up to `concurrency` of them are under way, and tuples of one key one after the other: the key is
 * that of the fields grouping, or else the partition key of the event; without either there is no order. While a tuple
 * waits for its next attempt it holds its key, and leaves its place to others.
 */
export class BoltTask implements Receiver {
  readonly number: number
  readonly operator: Operator
  /** Which of the calls that belong to no tuple it takes. */
  readonly takes: { readonly tick: boolean; readonly watermark: boolean; readonly timer: boolean }
  readonly #component: PlanComponent
  readonly #undo: UndoLog
  readonly #timers: Timers
  readonly #stats: ComponentStats
  readonly #services: TaskServices
  #output: TaskOutput

  /** Nothing is under way or waits. */
  #free = true
  #running = 0
  #pumping = false
  #whenQuiet: (() => void) | undefined
  readonly #waiting = new Deque<Execution>()
  readonly #keys = new Map<string, Deque<Execution> | undefined>()
  /** Running, or waiting for the next attempt. */
  readonly #active = new Set<Execution>()

  constructor(
    number: number,
    component: PlanComponent,
    operator: Operator,
    undo: UndoLog,
    timers: Timers,
    stats: ComponentStats,
    services: TaskServices,
  ) {
    this.number = number
    this.operator = operator
    this.takes = {
      tick: operator.tick !== undefined,
      watermark: operator.watermark !== undefined,
      timer: operator.timer !== undefined,
    }
    this.#component = component
    this.#undo = undo
    this.#timers = timers
    this.#stats = stats
    this.#services = services
    this.#output = services.newOutput()
  }

  receive(tuple: TaskTuple): void {
    if (!this.#free) return this.#admit(tuple)
    const output = this.#output
    const timed = this.#stats.begin()
    const started = timed ? performance.now() : 0
    let result: Promise<void> | void
    try {
      result = this.operator.execute(tuple, output)
    } catch (error) {
      tuple.root.hold()
      const execution = this.#execution(tuple)
      this.#holdKey(execution)
      this.#active.add(execution)
      this.#free = false
      this.#threw(execution, output, error)
      this.#pump()
      return
    }
    if (result !== undefined && isThenable(result)) {
      tuple.root.hold()
      const execution = this.#execution(tuple)
      this.#holdKey(execution)
      this.#output = this.#services.newOutput()
      this.#free = false
      this.#await(execution, output, result, timed ? started : performance.now())
      return
    }
    if (timed) this.#stats.timedSync(performance.now() - started)
    this.#undo.keep()
    this.#stats.acked++
    output.flush(tuple.root, tuple)
  }

  /**
   * Runs something that belongs to no tuple, such as a tick, when nothing else runs in this task. What it puts out belongs
   * to `root`.
   *
   * @throws What `run` throws; nothing has taken effect then.
   */
  async alone(root: Root, run: (output: TaskOutput) => Promise<void> | void): Promise<void> {
    await this.#quietly(async (output) => {
      try {
        await run(output)
        this.#kept(output, root)
      } catch (error) {
        this.#undo.undo()
        output.clear()
        throw error
      }
    })
  }

  /**
   * Fires timers one after the other, when nothing else runs in this task.
   *
   * @param told `done` or `failed` of each; one that failed has had no effect.
   */
  async fire(
    root: Root,
    timers: readonly FiredTimer[],
    topology: string,
    told: {
      readonly done: (timer: FiredTimer) => void
      /** Another one has to be fired first: those that are left come again. */
      readonly overtaken: (timer: FiredTimer) => boolean
      readonly failed: (timer: FiredTimer, error: unknown) => void
    },
  ): Promise<void> {
    await this.#quietly(async (output) => {
      for (const timer of timers) {
        if (root.dead || told.overtaken(timer)) return
        // Deleted or moved meanwhile.
        if (this.#timers.get(timer.key, timer.kind) !== timer.time) continue
        try {
          this.#timers.delete(timer.key, timer.kind)
          const result = this.operator.timer!(
            timer,
            new TimerOutput(output, timer, topology, this.#component.id),
          )
          if (result !== undefined) await result
          this.#kept(output, root)
          told.done(timer)
        } catch (error) {
          this.#undo.undo()
          output.clear()
          told.failed(timer, error)
        }
      }
    })
  }

  #kept(output: TaskOutput, root: Root): void {
    this.#undo.keep()
    if (root.dead) output.clear()
    else output.flush(root, undefined)
  }

  /** Waits until nothing runs in this task, and keeps others out while `run` does. */
  async #quietly(run: (output: TaskOutput) => Promise<void>): Promise<void> {
    this.#free = false
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenQuiet = resolve
      })
    }
    this.#running++ // keeps others out, whatever the concurrency is
    this.#whenQuiet = nothing
    try {
      await run(this.#services.newOutput())
    } finally {
      this.#running--
      this.#whenQuiet = undefined
      this.#pump()
    }
  }

  /** Gives up what is under way of a tree, so that a call that never ends does not hold its place for ever. */
  abandon(root: Root): void {
    for (const execution of this.#active) if (execution.tuple.root === root) this.#abandon(execution)
  }

  /** Gives up all that is under way. */
  abandonAll(): void {
    for (const execution of this.#active) {
      execution.abandoned = true
      execution.retry?.clear()
    }
    this.#active.clear()
  }

  #abandon(execution: Execution): void {
    execution.abandoned = true
    execution.retry?.clear()
    if (execution.running) {
      this.#undo.undo()
      this.#left(execution)
    }
    this.#finish(execution)
  }

  #execution(tuple: TaskTuple): Execution {
    return {
      tuple,
      key: this.#keyOf(tuple),
      holding: false,
      attempts: 1,
      running: false,
      firstFailedAt: 0,
      abandoned: false,
      retry: undefined,
    }
  }

  #keyOf(tuple: TaskTuple): string | undefined {
    for (const { from, stream, grouping } of this.#component.inputs) {
      if (grouping.kind === 'fields' && from === tuple.component && stream === tuple.stream)
        return keyText(tuple.values, grouping.fields)
    }
    return tuple.partitionkey
  }

  #admit(tuple: TaskTuple): void {
    tuple.root.hold()
    const execution = this.#execution(tuple)
    execution.attempts = 0
    this.#services.queued(1)
    if (!this.#queueBehindKey(execution)) {
      // It holds its key from here on, not only when it is started: what comes meanwhile has to stay behind it.
      this.#holdKey(execution)
      this.#waiting.push(execution)
    }
    this.#pump()
  }

  #queueBehindKey(execution: Execution): boolean {
    const { key } = execution
    if (key === undefined || !this.#keys.has(key)) return false
    const queue = this.#keys.get(key)
    if (queue) queue.push(execution)
    else {
      const first = new Deque<Execution>()
      first.push(execution)
      this.#keys.set(key, first)
    }
    return true
  }

  #holdKey(execution: Execution): void {
    execution.holding = true
    if (execution.key !== undefined) this.#keys.set(execution.key, undefined)
  }

  /** Starts what can be started. A loop, so that a long queue of synchronous executions does not nest. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#running < this.#component.concurrency && this.#whenQuiet === undefined) {
      const execution = this.#waiting.shift()
      if (!execution) break
      if (execution.abandoned) continue
      if (execution.attempts === 0) this.#services.queued(-1)
      this.#start(execution)
    }
    this.#pumping = false
    this.#free =
      this.#running === 0 &&
      this.#waiting.length === 0 &&
      this.#active.size === 0 &&
      this.#whenQuiet === undefined
  }

  #start(execution: Execution): void {
    const { tuple } = execution
    if (tuple.root.dead) return this.#finish(execution)
    execution.attempts++
    this.#active.add(execution)
    const output = this.#output
    this.#stats.begin()
    const started = performance.now()
    let result: Promise<void> | void
    try {
      result = this.operator.execute(tuple, output)
    } catch (error) {
      this.#threw(execution, output, error)
      return
    }
    if (result !== undefined && isThenable(result)) {
      this.#output = this.#services.newOutput()
      this.#await(execution, output, result, started)
      return
    }
    this.#stats.timedAsync(performance.now() - started)
    this.#succeeded(execution, output)
  }

  #await(execution: Execution, output: TaskOutput, result: PromiseLike<void>, started: number): void {
    this.#running++
    execution.running = true
    this.#active.add(execution)
    result.then(
      () => {
        if (execution.abandoned) return
        this.#stats.timedAsync(performance.now() - started)
        this.#left(execution)
        this.#succeeded(execution, output)
        this.#pump()
      },
      (error: unknown) => {
        if (execution.abandoned) return
        this.#stats.timedAsync(performance.now() - started)
        this.#left(execution)
        this.#threw(execution, output, error)
        this.#pump()
      },
    )
  }

  /** A place has become free. */
  #left(execution: Execution): void {
    execution.running = false
    if (--this.#running === 0) this.#whenQuiet?.()
  }

  #succeeded(execution: Execution, output: TaskOutput): void {
    const { tuple } = execution
    if (tuple.root.dead) {
      this.#undo.undo()
      output.clear()
    } else {
      this.#undo.keep()
      this.#stats.acked++
      output.flush(tuple.root, tuple)
    }
    this.#finish(execution)
  }

  #threw(execution: Execution, output: TaskOutput, error: unknown): void {
    this.#undo.undo()
    output.clear()
    const { clock } = this.#services
    if (execution.firstFailedAt === 0) execution.firstFailedAt = clock.now()
    if (execution.tuple.root.dead) return this.#finish(execution)
    if (execution.attempts < this.#component.retry.attempts && canRetry(error)) {
      this.#stats.retried++
      execution.retry = clock.after(
        retryDelay(this.#component.retry, execution.attempts, this.#services.random),
        () => {
          execution.retry = undefined
          this.#waiting.unshift(execution)
          this.#pump()
        },
      )
      return
    }
    this.#stats.failed++
    this.#services.gaveUp(execution, error)
    this.#finish(execution)
  }

  /** The execution is over: the next of its key may start. */
  #finish(execution: Execution): void {
    this.#active.delete(execution)
    const { key } = execution
    if (key !== undefined && execution.holding) {
      const next = this.#keys.get(key)?.shift()
      if (next) {
        next.holding = true
        this.#waiting.push(next)
      } else this.#keys.delete(key)
    }
    execution.tuple.root.release()
    this.#pump()
  }
}

const nothing = (): void => {}

/** Errors that say of themselves that another attempt will not help are not tried again. */
const canRetry = (error: unknown): boolean => !isHeddleError(error) || error.kind === 'retryable'
