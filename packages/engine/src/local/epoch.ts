import type { RecordInput } from '@heddle/core'
import { Bell } from './bell.ts'
import type { Root } from './root.ts'

/** What belongs to one transaction: input events, and what comes of them. */
export class Epoch {
  /** Input events so far. */
  events = 0
  readonly outputs = new Map<string, RecordInput[]>()
  readonly #unfinished = new Set<Root>()
  readonly #bell = new Bell()

  get pending(): number {
    return this.#unfinished.size
  }

  append(topic: string, record: RecordInput): void {
    const records = this.outputs.get(topic)
    if (records) records.push(record)
    else this.outputs.set(topic, [record])
  }

  begun(root: Root): void {
    this.#unfinished.add(root)
  }

  done(root: Root): void {
    this.#unfinished.delete(root)
    if (this.#unfinished.size === 0) this.#bell.ring()
  }

  /** All that was begun is done. */
  async settled(): Promise<void> {
    while (this.#unfinished.size > 0) await this.#bell.wait()
  }

  /** Nothing that is under way counts any more. */
  abandon(): void {
    for (const root of this.#unfinished) root.dead = true
  }
}
