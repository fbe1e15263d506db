/**
 * What components print and report, as records of a topic of their topology, since Storm keeps the logs of its workers on their
 * machines, and only its web server shows them.
 *
 * ```
 * topic = topology ".logs"
 * value = { "at": ms, "component": id, "task": n, "host": name, "pid": n, "level": "info" | "warn" | "error", "line": text }
 * ```
 *
 * @module
 */
import { hostname } from 'node:os'
import process from 'node:process'
import type { Clock, Log, RecordInput, TopicSpec } from '@heddle/core'

export interface LogLine {
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  readonly component: string
  readonly task: number
  readonly host: string
  readonly pid: number
  /** `info` is what was printed on stdout, `warn` on stderr, `error` what was reported. */
  readonly level: 'info' | 'warn' | 'error'
  readonly line: string
}

/** What is printed, as the thread that hears it says it. */
export type Printed = Pick<LogLine, 'level' | 'line'>

/** The topic with the lines of a topology: a day of them, and 64 MB at most. */
export const logTopic = (topology: string): TopicSpec => ({
  name: `${topology}.logs`,
  partitions: 1,
  durability: 'os',
  retention: { ms: 86_400_000, bytes: 64 * 2 ** 20 },
})

/** Lines of about one moment go together; in milliseconds. */
const gatherMs = 200

/** Lines of a task that wait at most: what a loop prints besides is left out, and counted. */
const maxWaiting = 1000

/** Longest line, in characters. */
const maxLine = 8192

/** Appends the lines of one task. A log that is away takes none: they are in the worker's own log, too. */
export class LogLines {
  readonly #log: Log
  readonly #clock: Clock
  readonly #topic: string
  readonly #of: Pick<LogLine, 'component' | 'task' | 'host' | 'pid'>
  #waiting: RecordInput[] = []
  #leftOut = 0
  #scheduled = false

  constructor(log: Log, clock: Clock, topology: string, component: string, task: number) {
    this.#log = log
    this.#clock = clock
    this.#topic = logTopic(topology).name
    this.#of = { component, task, host: hostname(), pid: process.pid }
  }

  add({ level, line }: Printed): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#leftOut++
      return
    }
    this.#push(level, line)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.after(gatherMs, () => void this.#append())
  }

  #push(level: LogLine['level'], line: string): void {
    const said: LogLine = { at: this.#clock.now(), ...this.#of, level, line: line.slice(0, maxLine) }
    this.#waiting.push({ value: JSON.stringify(said) })
  }

  async #append(): Promise<void> {
    if (this.#leftOut > 0) this.#push('warn', `(${this.#leftOut} more lines are left out)`)
    const records = this.#waiting
    this.#waiting = []
    this.#leftOut = 0
    this.#scheduled = false
    await this.#log.append(this.#topic, records).catch(() => undefined)
  }
}
