import type { Values } from '@heddle/core'
import type { OperatorTuple } from '../operators/operator.ts'
import type { Root } from './root.ts'

/** A tuple on its way. */
export class TaskTuple implements OperatorTuple {
  readonly values: Values
  readonly component: string
  readonly stream: string
  readonly task: number
  readonly root: Root
  /** The tuple whose execution emitted this one; `undefined` for a spout's. */
  readonly parent: TaskTuple | undefined
  /**
   * Which of its emissions it is. Where it goes to a component that takes several streams, with the emitter, `map#0`; with the
   * all grouping, with the task that gets it, `0+3`.
   */
  readonly index: number | string
  /** See `OperatorEmit.origin`. */
  readonly origin: string | undefined
  readonly #time: number | undefined

  constructor(
    values: Values,
    component: string,
    stream: string,
    task: number,
    time: number | undefined,
    root: Root,
    parent: TaskTuple | undefined,
    index: number | string,
    origin: string | undefined,
  ) {
    this.values = values
    this.component = component
    this.stream = stream
    this.task = task
    this.#time = time
    this.root = root
    this.parent = parent
    this.index = index
    this.origin = origin
  }

  get time(): number {
    return this.#time ?? this.root.time
  }

  /** The same for one task of many that get it. */
  copyFor(taskIndex: number): TaskTuple {
    const index = `${this.index}+${taskIndex}`
    const { values, component, stream, task, root, parent, origin } = this
    return new TaskTuple(values, component, stream, task, this.#time, root, parent, index, origin)
  }

  /**
   * `<origin>:<component>:<path>`: the path says by which emissions it came here, so that neither the order in which
   * asynchronous bolts finish nor a second way through the topology makes a difference.
   */
  derivedId(component: string): string {
    let path = `${this.index}`
    let { origin, parent } = this
    while (origin === undefined && parent !== undefined) {
      path = `${parent.index}/${path}`
      ;({ origin, parent } = parent)
    }
    return `${origin ?? this.root.origin}:${component}:${path}`
  }

  /** Its own event time, where it is not that of the root. */
  get ownTime(): number | undefined {
    return this.#time
  }

  get traceparent(): string {
    return this.root.traceparent
  }

  get partitionkey(): string | undefined {
    return this.root.place?.event?.partitionkey
  }
}
