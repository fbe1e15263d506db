import type { Values } from '@heddle/core'
import type { OperatorEmit } from '../operators/operator.ts'
import type { ComponentStats } from './component-stats.ts'
import type { Root } from './root.ts'
import type { Route } from './route.ts'
import { TaskTuple, type TupleSource } from './task-tuple.ts'

/** One stream of one task: makes tuples and sends them on their routes. */
export class StreamPort implements TupleSource {
  readonly component: string
  readonly stream: string
  readonly task: number
  readonly #routes: readonly Route[]
  readonly #merges: boolean
  readonly #stats: ComponentStats
  /** Somebody takes it with the direct grouping. */
  readonly direct: boolean

  /** @param merges Whether a component that takes this stream takes others, too; see `TaskTuple`. */
  constructor(
    component: string,
    stream: string,
    task: number,
    routes: readonly Route[],
    merges: boolean,
    stats: ComponentStats,
  ) {
    this.component = component
    this.stream = stream
    this.task = task
    this.#routes = routes
    this.#merges = merges
    this.#stats = stats
    this.direct = routes.some(({ direct }) => direct !== undefined)
  }

  /** True when some component takes the stream. */
  get taken(): boolean {
    return this.#routes.length > 0
  }

  /**
   * Says what is wrong with naming that task, or with naming none.
   * @throws RangeError
   */
  check(task: number | undefined): void {
    for (const { direct } of this.#routes) {
      if (!direct || (task !== undefined && direct.has(task))) continue
      const what = task === undefined ? 'names no task' : `names task ${task}`
      const tasks = [...direct.keys()].join(', ')
      throw new RangeError(
        `an emit to stream '${this.stream}' of '${this.component}' ${what}, and it is taken with the direct grouping by tasks ${tasks}`,
      )
    }
  }

  /** @param parent What was executed. @param index Which of the emissions of that execution it is. */
  send(
    values: Values,
    root: Root,
    parent: TaskTuple | undefined,
    index: number,
    options: OperatorEmit | undefined,
  ): void {
    this.#stats.emitted++
    const routes = this.#routes
    if (routes.length === 0) return
    const place = this.#merges ? `${this.component}#${index}` : index
    const tuple = new TaskTuple(values, root, this, parent, place, options)
    for (let at = 0; at < routes.length; at++) routes[at]!.deliver(tuple, options?.task)
  }
}
