import type { ComponentMetrics, PlanComponent } from '@heddle/core'

/** One execution of a synchronous bolt in this many is timed: a look at the clock costs more than a small bolt. */
const sampling = 16

/** How long the busy time of `capacity` is gathered, in milliseconds: long enough to be steady, short enough to be news. */
const capacityWindowMs = 30_000

/** What happened in the tasks of one component, since the start of the topology. */
export class ComponentStats {
  emitted = 0
  executed = 0
  acked = 0
  failed = 0
  retried = 0
  deadLettered = 0
  dropped = 0
  late = 0
  readonly component: PlanComponent
  #timed = 0
  #timedMs = 0
  #busyMs = 0
  #busySince: number
  #lastBusyMs = 0
  #lastWindowMs = 0

  constructor(component: PlanComponent, now: number) {
    this.component = component
    this.#busySince = now
  }

  /** Counts an execution; true when it is to be timed. */
  begin(): boolean {
    return this.executed++ % sampling === 0
  }

  /** @param ms Duration of one synchronous execution, which stands for those that were not timed. */
  timedSync(ms: number): void {
    this.#timed++
    this.#timedMs += ms
    this.#busyMs += ms * sampling
  }

  timedAsync(ms: number): void {
    this.#timed++
    this.#timedMs += ms
    this.#busyMs += ms
  }

  /** @param now Clock time in milliseconds. */
  metrics(now: number, tasks: number): ComponentMetrics {
    const { component, emitted, executed, acked, failed, retried, deadLettered, dropped, late } = this
    return {
      component: component.id,
      kind: component.kind,
      tasks,
      emitted,
      executed,
      acked,
      failed,
      executeLatencyMs: this.#timed === 0 ? 0 : this.#timedMs / this.#timed,
      capacity: component.kind === 'spout' ? 0 : this.#capacity(now, tasks * component.concurrency),
      retried,
      deadLettered,
      dropped,
      late,
    }
  }

  /** Share of the time in which its slots were busy. */
  #capacity(now: number, slots: number): number {
    const elapsed = now - this.#busySince
    if (elapsed >= capacityWindowMs) {
      this.#lastBusyMs = this.#busyMs
      this.#lastWindowMs = elapsed
      this.#busyMs = 0
      this.#busySince = now
      return this.#lastBusyMs / (elapsed * slots)
    }
    const window = elapsed + this.#lastWindowMs
    return window <= 0 ? 0 : (this.#busyMs + this.#lastBusyMs) / (window * slots)
  }
}
