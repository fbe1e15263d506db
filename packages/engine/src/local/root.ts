import { type Event, type LogRecord, eventTime } from '@heddle/core'
import { newTraceparent } from './traceparent.ts'

/** Who has to know that a tuple tree is done. */
export interface RootOwner {
  /** It was not done at once, and is counted from here on. */
  begun(root: Root): void
  /** All of the tree is done. Called once, unless the root was given up. */
  done(root: Root): void
  /** It cannot be done: it has to come again, from where it came from. */
  failed(root: Root, error: unknown): void
}

/** Where an input event stands in the log. */
export interface RootPlace {
  readonly topic: string
  readonly partition: number
  readonly record: LogRecord
  /** `undefined` when the record cannot be read as an event. */
  readonly event: Event | undefined
}

/**
 * The root of a tuple tree: an input event, what a spout emitted under an id, or an occasion such as a tick.
 *
 * What runs to its end at once is not counted. Only what has to wait holds the root (`hold`) and lets go of it
 * (`release`); when nobody holds it, the tree is done.
 */
export class Root {
  readonly owner: RootOwner
  readonly place: RootPlace | undefined
  /** Clock time of its emission, in milliseconds. */
  readonly startedAt: number
  /** Given up (failed, or of an aborted epoch): what is still under way of it counts for nothing. */
  dead = false
  /** One dead letter for each event, however many of its tuples fail. */
  deadLettered = false
  /** All of the tree is done. */
  finished = false
  /** It was not done at once; its owner counts it. */
  counted = false
  /** Whoever made it holds it first. */
  #held = 1
  #time: number | undefined
  #origin: string | undefined
  #traceparent: string | undefined

  /** @param time Event time; default that of `place`. @param origin Default `place`, or else something random. */
  constructor(owner: RootOwner, startedAt: number, place?: RootPlace, time?: number, origin?: string) {
    this.owner = owner
    this.startedAt = startedAt
    this.place = place
    this.#time = time
    this.#origin = origin
  }

  hold(): void {
    this.#held++
  }

  release(): void {
    if (--this.#held > 0 || this.dead) return
    this.finished = true
    this.owner.done(this)
  }

  /** Gives the tree up. */
  fail(error: unknown): void {
    if (this.dead) return
    this.dead = true
    this.owner.failed(this, error)
  }

  /** Event time in milliseconds: that of the event, or when the record was appended. */
  get time(): number {
    return (this.#time ??= this.#readTime())
  }

  /** What ids are derived from: the place in the log, or else something that is there only once. */
  get origin(): string {
    const { place } = this
    return (this.#origin ??= place
      ? `${place.topic}:${place.partition}:${place.record.offset}`
      : crypto.randomUUID())
  }

  get traceparent(): string {
    return (this.#traceparent ??= this.place?.event?.traceparent ?? newTraceparent())
  }

  get partitionkey(): string | undefined {
    return this.place?.event?.partitionkey
  }

  /** Where the input event stands. */
  get input(): { readonly topic: string; readonly partition: number; readonly offset: number } | undefined {
    const { place } = this
    return place && { topic: place.topic, partition: place.partition, offset: place.record.offset }
  }

  /** What a dead letter shows as what has come. */
  get letter(): RootPlace | undefined {
    return this.place
  }

  /** Id of the element of that component, in a stage before, that this came of. */
  idBelow(_component: string): string | undefined {
    return undefined
  }

  #readTime(): number {
    const { place } = this
    if (!place) return this.startedAt
    return (place.event && eventTime(place.event)) ?? place.record.timestamp
  }
}

/** Gives several trees up: all are dead before the first place becomes free, so that none starts in another's. */
export function failAll(roots: readonly Root[], error: unknown): void {
  const failing = roots.filter(({ dead }) => !dead)
  for (const root of failing) root.dead = true
  for (const root of failing) root.owner.failed(root, error)
}
