import type { RecordInput, Values } from '@heddle/core'
import type { OperatorEmit, OperatorOutput } from '../operators/operator.ts'
import type { ComponentStats } from './component-stats.ts'
import type { Root } from './root.ts'
import type { StreamPort } from './stream-port.ts'
import type { TaskTuple } from './task-tuple.ts'

/** Takes what goes to topics. */
export interface Appender {
  append(topic: string, record: RecordInput, root: Root): void
}

/** How many places for emissions are kept for the next execution; a rare huge one does not keep its memory. */
const kept = 256

/** Gathers what an execution puts out, until it is known whether it succeeded. */
export class TaskOutput implements OperatorOutput {
  readonly #ports: ReadonlyMap<string, StreamPort>
  readonly #default: StreamPort | undefined
  readonly #appender: Appender
  readonly #stats: ComponentStats
  #size = 0
  readonly #values: Values[] = []
  readonly #to: StreamPort[] = []
  readonly #options: (OperatorEmit | undefined)[] = []
  #appends: [topic: string, record: RecordInput][] = []
  #dropped = 0
  #late = 0

  constructor(ports: ReadonlyMap<string, StreamPort>, appender: Appender, stats: ComponentStats) {
    this.#ports = ports
    this.#default = ports.get('default')
    this.#appender = appender
    this.#stats = stats
  }

  emit(values: Values, options?: OperatorEmit): void {
    const port = options?.stream === undefined ? this.#default : this.#ports.get(options.stream)
    if (!port) throw this.#undeclared(options?.stream ?? 'default')
    if (port.direct) port.check(options?.task)
    const at = this.#size++
    this.#values[at] = values
    this.#to[at] = port
    this.#options[at] = options
  }

  append(topic: string, record: RecordInput): void {
    this.#appends.push([topic, record])
  }

  count(what: 'dropped' | 'late'): void {
    if (what === 'dropped') this.#dropped++
    else this.#late++
  }

  /** The attempt failed. */
  clear(): void {
    this.#size = 0
    this.#appends = []
    this.#dropped = 0
    this.#late = 0
  }

  /** The attempt succeeded: sends all of it on. */
  flush(root: Root, parent: TaskTuple | undefined): void {
    const size = this.#size
    for (let at = 0; at < size; at++)
      this.#to[at]!.send(this.#values[at]!, root, parent, at, this.#options[at])
    this.#size = 0
    if (size > kept) this.#values.length = this.#options.length = 0
    if (this.#appends.length > 0) {
      for (const [topic, record] of this.#appends) this.#appender.append(topic, record, root)
      this.#appends = []
    }
    if (this.#dropped > 0) {
      this.#stats.dropped += this.#dropped
      this.#dropped = 0
    }
    if (this.#late > 0) {
      this.#stats.late += this.#late
      this.#late = 0
    }
  }

  #undeclared(stream: string): RangeError {
    const declared = [...this.#ports.keys()].map((name) => `'${name}'`).join(', ')
    return new RangeError(
      `'${this.#stats.component.id}' emits to stream '${stream}', which it does not declare${declared && `; it declares ${declared}`}`,
    )
  }
}
