import { type Event, type Log, fromRecord, isEvent } from '@heddle/core'
import { Root, type RootOwner, type RootPlace } from '../local/root.ts'
import type { Carried } from './carried.ts'

/** The root of what a tuple of another stage leads to. */
export class CarriedRoot extends Root {
  readonly carried: Carried
  #letter: RootPlace | undefined

  constructor(owner: RootOwner, startedAt: number, place: Omit<RootPlace, 'event'>, carried: Carried) {
    super(owner, startedAt, { ...place, event: eventOf(carried) }, carried.time, carried.origin)
    this.carried = carried
  }

  override get traceparent(): string {
    return this.carried.traceparent
  }

  override get partitionkey(): string | undefined {
    return this.carried.partitionkey
  }

  override get input(): Carried['input'] {
    return this.carried.input
  }

  override get letter(): RootPlace | undefined {
    return this.#letter
  }

  /** Reads the input event, for a dead letter. It may be gone; the element is shown then. */
  async readLetter(log: Log): Promise<void> {
    const { input } = this
    if (!input) return
    try {
      const [part] = await log.read([input], { maxRecords: 1 })
      const record = part?.records.find(({ offset }) => offset === input.offset)
      if (record) this.#letter = { ...input, record, event: fromRecord(record, input) }
    } catch {
      // Gone, or no event: what is in hand tells enough.
    }
  }

  override idBelow(component: string): string | undefined {
    return this.carried.below[component]
  }
}

const eventOf = ({ values }: Carried): Event | undefined =>
  Object.values(values).find((value) => isEvent(value))
