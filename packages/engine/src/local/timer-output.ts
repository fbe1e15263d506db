import type { FiredTimer, RecordInput, Values } from '@heddle/core'
import type { OperatorEmit, OperatorOutput } from '../operators/operator.ts'

/** What a timer emits has its time, and ids that are the same if it has to be fired again. */
export class TimerOutput implements OperatorOutput {
  readonly #output: OperatorOutput
  readonly #time: number
  readonly #origin: string

  constructor(output: OperatorOutput, { kind, key, time }: FiredTimer, topology: string, component: string) {
    this.#output = output
    this.#time = time
    this.#origin = `${topology}:${component}:timer:${kind}:${key}:${time}`
  }

  emit(values: Values, options?: OperatorEmit): void {
    this.#output.emit(values, { time: this.#time, origin: this.#origin, ...options })
  }

  append(topic: string, record: RecordInput): void {
    this.#output.append(topic, record)
  }

  count(what: 'dropped' | 'late'): void {
    this.#output.count(what)
  }
}
