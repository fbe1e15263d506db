import {
  type Clock,
  type EmitOptions,
  type Spout,
  type SpoutContext,
  type SpoutOutput,
  type Values,
  defaultStream,
  sleep,
} from '@heddle/core'
import { Bell } from './bell.ts'
import type { ComponentStats } from './component-stats.ts'
import type { TimeSource } from './event-time.ts'
import type { SpoutTask } from './network.ts'
import type { Settings } from './options.ts'
import { retryDelay } from './retry-delay.ts'
import { Root, type RootOwner } from './root.ts'
import type { TopologyStats } from './topology-stats.ts'

export interface SpoutDriverContext {
  readonly topology: string
  readonly clock: Clock
  readonly settings: Settings
  readonly maxPending: number
  readonly stats: ComponentStats
  readonly topologyStats: TopologyStats
  /** Tuples wait in too many queues. */
  readonly congested: () => boolean
  readonly report: (component: string, error: unknown) => void
  /** Frees the places that what is under way of a failed root has. */
  readonly abandon: (root: Root) => void
  /** A root is done or failed. */
  readonly changed: () => void
}

class SpoutRoot extends Root {
  /** What the spout knows it by. */
  readonly id: string | undefined

  constructor(
    owner: RootOwner,
    startedAt: number,
    time: number,
    id: string | undefined,
    origin: string | undefined,
  ) {
    super(owner, startedAt, undefined, time, origin)
    this.id = id
  }
}

/** Runs one task of a user's spout: asks it for tuples, and tells it what became of them. */
export class SpoutDriver implements RootOwner, TimeSource, SpoutOutput {
  readonly #task: SpoutTask
  readonly #spout: Spout
  readonly #context: SpoutDriverContext
  readonly #bell = new Bell()
  readonly #pending = new Set<Root>()
  /** Ids to be told about, after `next` has returned. */
  readonly #news: [id: string, acked: boolean][] = []
  #paused = false
  #emitted = 0
  time = -Infinity
  lastActiveAt: number

  constructor(task: SpoutTask, spout: Spout, context: SpoutDriverContext) {
    this.#task = task
    this.#spout = spout
    this.#context = context
    this.lastActiveAt = context.clock.now()
  }

  get pending(): number {
    return this.#pending.size
  }

  get exhausted(): boolean {
    return this.#pending.size === 0
  }

  roots(): Iterable<Root> {
    return this.#pending
  }

  open(context: SpoutContext): Promise<void> | void {
    return this.#spout.open?.(context)
  }

  close(): Promise<void> | void {
    this.#tell()
    return this.#spout.close?.()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#bell.ring()
  }

  /** Asks for tuples until it is stopped. */
  async run(stopped: AbortSignal): Promise<void> {
    const { clock, settings, maxPending, congested, report } = this.#context
    const { component } = this.#task
    stopped.addEventListener('abort', () => this.#bell.ring())
    let failures = 0
    let sliceEnd = 0
    while (!stopped.aborted) {
      this.#tell()
      if (this.#paused || this.pending >= maxPending) {
        await this.#bell.wait()
        continue
      }
      if (congested()) {
        await sleep(clock, settings.spoutIdleMs, stopped)
        continue
      }
      const before = this.#emitted
      try {
        await this.#spout.next(this)
        failures = 0
      } catch (error) {
        report(component.id, error)
        await sleep(
          clock,
          retryDelay({ ...component.retry, attempts: Infinity }, ++failures, settings.random),
          stopped,
        )
        continue
      }
      this.#tell()
      if (this.#emitted === before) await sleep(clock, settings.spoutIdleMs, stopped)
      else if (performance.now() > sliceEnd) {
        await new Promise(setImmediate)
        sliceEnd = performance.now() + settings.sliceMs
      }
    }
  }

  emit(values: Values, options: EmitOptions & { readonly id?: string; readonly time?: number } = {}): void {
    const { clock, topology, settings } = this.#context
    const { component, ports } = this.#task
    const stream = options.stream ?? defaultStream
    const port = ports.get(stream)
    if (!port)
      throw new RangeError(`'${component.id}' emits to stream '${stream}', which it does not declare`)
    if (port.direct) port.check(options.task)
    const now = clock.now()
    const time = options.time ?? now
    this.time = Math.max(this.time, Math.min(time, now + settings.maxFutureMs))
    this.lastActiveAt = now
    this.#emitted++
    const { id } = options
    const origin = id === undefined ? undefined : `${topology}:${component.id}:${id}`
    const root = new SpoutRoot(this, now, time, id, origin)
    port.send(values, root, undefined, 0, options.task === undefined ? undefined : { task: options.task })
    root.release()
    if (root.finished || root.dead) return
    root.counted = true
    this.#pending.add(root)
  }

  begun(): void {}

  done(root: Root): void {
    const { stats, topologyStats, clock } = this.#context
    stats.acked++
    topologyStats.completed++
    if (root.counted) {
      this.#pending.delete(root)
      topologyStats.completedMs += clock.now() - root.startedAt
    }
    this.#over(root, true)
  }

  failed(root: Root): void {
    this.#pending.delete(root)
    this.#context.stats.failed++
    this.#context.abandon(root)
    this.#over(root, false)
  }

  #over(root: Root, acked: boolean): void {
    const { id } = root as SpoutRoot
    if (id !== undefined) this.#news.push([id, acked])
    if (!root.counted) return
    this.#context.changed()
    this.#bell.ring()
  }

  #tell(): void {
    for (const [id, acked] of this.#news.splice(0)) {
      try {
        if (acked) this.#spout.ack?.(id)
        else this.#spout.fail?.(id)
      } catch (error) {
        this.#context.report(this.#task.component.id, error)
      }
    }
  }
}
