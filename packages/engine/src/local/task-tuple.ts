import type { Values } from '@heddle/core'
import type { OperatorEmit, OperatorTuple } from '../operators/operator.ts'
import type { Root } from './root.ts'

/** The stream of a task that a tuple comes from. */
export interface TupleSource {
  readonly component: string
  readonly stream: string
  readonly task: number
}

/** A tuple on its way. There are many of them: it has few fields, and the rest is looked up. */
export class TaskTuple implements OperatorTuple {
  readonly values: Values
  readonly root: Root
  readonly #source: TupleSource
  /** The tuple whose execution emitted this one; `undefined` for a spout's. */
  readonly #parent: TaskTuple | undefined
  /**
   * Which of its emissions it is. Where it goes to a component that takes several streams, with the emitter, `map#0`; with the
   * all grouping, with the task that gets it, `0+3`.
   */
  readonly #index: number | string
  readonly #options: OperatorEmit | undefined

  constructor(
    values: Values,
    root: Root,
    source: TupleSource,
    parent: TaskTuple | undefined,
    index: number | string,
    options: OperatorEmit | undefined,
  ) {
    this.values = values
    this.root = root
    this.#source = source
    this.#parent = parent
    this.#index = index
    this.#options = options
  }

  get component(): string {
    return this.#source.component
  }

  get stream(): string {
    return this.#source.stream
  }

  get task(): number {
    return this.#source.task
  }

  get time(): number {
    const own = this.#options?.time
    if (own !== undefined) return own
    for (let parent = this.#parent; parent !== undefined; parent = parent.#parent)
      if (parent.#options?.time !== undefined) return parent.#options.time
    return this.root.time
  }

  /** The same for one task of many that get it. */
  copyFor(taskIndex: number): TaskTuple {
    const index = `${this.#index}+${taskIndex}`
    return new TaskTuple(this.values, this.root, this.#source, this.#parent, index, this.#options)
  }

  /**
   * `<origin>:<component>:<path>`: the path says by which emissions it came here, so that neither the order in which
   * asynchronous bolts finish nor a second way through the topology makes a difference.
   */
  derivedId(component: string): string {
    let path = `${this.#index}`
    let origin = this.#options?.origin
    for (let parent = this.#parent; origin === undefined && parent !== undefined; parent = parent.#parent) {
      path = `${parent.#index}/${path}`
      origin = parent.#options?.origin
    }
    return `${origin ?? this.root.origin}:${component}:${path}`
  }

  idBelow(component: string): string {
    const found = this.findBelow(component)
    if (found !== undefined) return found
    throw new RangeError(`a tuple of '${this.component}' did not come of '${component}'`)
  }

  /** The same; `undefined` when it came of none. */
  findBelow(component: string): string | undefined {
    // What has come from another stage has no parent here; what it came of there is known by the root.
    if (this.component === component && !this.#parent)
      return this.root.idBelow(component) ?? this.derivedId(component)
    if (this.component === component) return this.#parent!.derivedId(component)
    return this.#parent ? this.#parent.findBelow(component) : this.root.idBelow(component)
  }

  get traceparent(): string {
    return this.root.traceparent
  }

  get partitionkey(): string | undefined {
    return this.root.partitionkey
  }
}
