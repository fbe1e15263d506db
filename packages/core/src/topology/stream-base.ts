import { errorStream } from '../plan/plan.ts'
import type { Origin } from './end.ts'
import type { Failure, StepOptions } from './step-options.ts'
import { type Step, type StepInput, local, step } from './step.ts'
import type { Stream } from './stream.ts'

/** What all steps of a flow are made with. */
export class StreamBase<V> {
  protected readonly origin: Origin
  protected readonly inputs: readonly StepInput[]
  /** Ends of side branches that left the flow before this point. */
  protected readonly ends: readonly Step[]
  /** Before the names of steps: the branches that lead here. */
  protected readonly scope: string

  constructor(origin: Origin, inputs: readonly StepInput[], ends: readonly Step[], scope: string) {
    this.origin = origin
    this.inputs = inputs
    this.ends = ends
    this.scope = scope
  }

  protected next<W>(operator: string, options: StepOptions<V>, parts: Partial<Step>): Stream<W> {
    const { made, ends } = this.make(operator, options, { streams: { default: ['value'] }, ...parts })
    return this.origin.stream<W>(this.origin, [local(made)], ends, this.scope)
  }

  /** The step, and the ends that the flow has with it: those of its error branch are new. */
  protected make(
    operator: string,
    options: StepOptions<V>,
    parts: Partial<Step>,
  ): { made: Step; ends: readonly Step[] } {
    const { name, parallelism, retry, onError } = options
    const made = step({
      kind: 'bolt',
      operator,
      inputs: this.inputs,
      ...(parallelism !== undefined && { parallelism }),
      ...(retry && { retry }),
      ...parts,
      name: this.within(name ?? parts.name ?? operator),
      named: name !== undefined,
      ...(onError && { streams: { ...parts.streams, [errorStream]: ['value'] } }),
    })
    if (!onError) return { made, ends: this.ends }
    const failures = this.origin.stream<Failure<V>>(
      this.origin,
      [local(made, errorStream)],
      [],
      `${made.name}.error`,
    )
    return { made, ends: [...this.ends, ...onError(failures).ends] }
  }

  protected within(name: string): string {
    return this.scope === '' ? name : `${this.scope}.${name}`
  }
}
