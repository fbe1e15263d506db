import { HeddleError } from '@heddle/core'
import type { BoltTask } from './bolt-task.ts'
import type { TimeSource } from './event-time.ts'
import type { Ground } from './ground.ts'
import { Root } from './root.ts'
import type { TaskOutput } from './task-output.ts'

type Run = (task: BoltTask, output: TaskOutput) => Promise<void> | void

/** Ticks, and the progress of event time: what bolts are called for without a tuple. */
export class Occasions {
  readonly #ground: Ground
  readonly #ticking: boolean
  readonly #timed: boolean
  readonly #sources: () => Iterable<TimeSource>
  #lastTick: number
  #root: Root | undefined
  #fail: ((error: unknown) => void) | undefined

  /** @param sources What event time comes from. */
  constructor(ground: Ground, sources: () => Iterable<TimeSource>) {
    this.#ground = ground
    this.#sources = sources
    this.#ticking = ground.network.bolts.some(({ takes }) => takes.tick)
    this.#timed = ground.network.bolts.some(({ takes }) => takes.watermark)
    this.#lastTick = ground.clock.now()
  }

  /** Some bolt is called for them. */
  get wanted(): boolean {
    return this.#ticking || this.#timed
  }

  /**
   * Calls bolts for what is due, in topological order, and waits until all that comes of it is done.
   *
   * @param timeoutMs How long that may take for one component.
   * @throws HEDDLE_TUPLE_TIMEOUT
   */
  async pass(timeoutMs: number): Promise<void> {
    const { clock, topology, network, eventTime, ingest } = this.#ground
    const now = clock.now()
    const tick = this.#ticking && now - this.#lastTick >= topology.plan.settings.tickIntervalMs
    if (tick) this.#lastTick = now
    if (this.#timed) await ingest.lookAtEnds((lane) => eventTime.silent(lane))
    const advanced = this.#timed && eventTime.advance(this.#sources())
    if (!tick && !advanced) return
    for (const { id } of topology.plan.components) {
      const tasks = network.tasksOf(id)
      if (tick) await this.#call(id, tasks, 'tick', (task, output) => task.operator.tick!(output), timeoutMs)
      if (advanced) {
        const run: Run = (task, output) => task.operator.watermark!(eventTime.watermark, output)
        await this.#call(id, tasks, 'watermark', run, timeoutMs)
      }
    }
  }

  /** Ends a `pass` that waits. */
  abort(error: unknown): void {
    if (this.#root) this.#root.dead = true
    this.#fail?.(error)
  }

  async #call(
    component: string,
    tasks: readonly BoltTask[],
    method: 'tick' | 'watermark',
    run: Run,
    timeoutMs: number,
  ): Promise<void> {
    const called = tasks.filter(({ takes }) => takes[method])
    if (called.length === 0) return
    const { clock, eventTime, report } = this.#ground
    const now = clock.now()
    const time = method === 'watermark' ? eventTime.watermark : now
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const nothing = (): void => {}
    const owner = {
      begun: nothing,
      done: () => resolve(),
      failed: (_: Root, error: unknown) => reject(error),
    }
    const root = new Root(owner, now, undefined, time)
    const late = clock.after(timeoutMs, () => {
      const what = `the ${method} of '${component}' was not done within ${timeoutMs} ms`
      root.fail(new HeddleError('HEDDLE_TUPLE_TIMEOUT', what))
    })
    this.#root = root
    this.#fail = reject
    try {
      const calls = called.map(async (task) => {
        try {
          await task.alone(root, (output) => run(task, output))
        } catch (error) {
          report(component, error)
        }
      })
      // A call that never ends must not keep `abort` from ending this.
      await Promise.race([Promise.all(calls), promise])
      root.release()
      await promise
    } finally {
      late.clear()
      this.#root = undefined
      this.#fail = undefined
    }
  }
}
