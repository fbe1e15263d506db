import type { Event } from '@heddle/core'
import type { Item } from './item.ts'

/** What can be given out: the higher priority first, then what came first, also when it comes back. */
export class ReadyList {
  #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: Item): void {
    const items = this.#items
    const last = items.at(-1)
    if (!last || before(last, item)) return void items.push(item)
    items.splice(this.#place(item), 0, item)
  }

  remove(item: Item): void {
    const at = this.#place(item)
    if (this.#items[at] === item) this.#items.splice(at, 1)
  }

  /** Takes out at most `max` of those that are wanted. */
  take(max: number, wants: ((event: Event) => boolean) | undefined): readonly Item[] {
    if (!wants) return this.#items.splice(0, max)
    const taken: Item[] = []
    const left: Item[] = []
    for (const item of this.#items) (taken.length < max && wants(item.event) ? taken : left).push(item)
    if (taken.length > 0) this.#items = left
    return taken
  }

  /** Index of the first one that does not come before it. */
  #place(item: Item): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (before(this.#items[middle]!, item)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const before = (a: Item, b: Item): boolean =>
  a.priority === b.priority ? a.sequence < b.sequence : a.priority > b.priority
