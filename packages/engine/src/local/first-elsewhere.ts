import type { Clock, CommittedOffset, GroupMember, Log, Position, TopicPartition } from '@heddle/core'
import type { Inlet } from './ingest.ts'

/** How often to look how far the others have come, in milliseconds. */
export const firstLookMs = 100

/** When nobody comes further for this long, it is not waited for any more, in milliseconds: the session of who has died is over. */
const mostMs = 20_000

/** Topics that others read, in groups of their own, and how far they have come. */
export interface TopicsElsewhere {
  readonly topics: readonly string[]
  readonly committed: (places: readonly Position[]) => Promise<readonly CommittedOffset[]>
}

/**
 * Topics that are to be read to their end before others are, such as the rows of a table that joins find: their partitions that
 * other processes have. What these do not have when the run begins is not waited for.
 */
export class FirstElsewhere {
  readonly #log: Log
  readonly #clock: Clock
  readonly #topics: readonly string[]
  readonly #elsewhere: TopicsElsewhere | undefined
  #member: GroupMember | undefined
  #awaited: readonly Position[] = []
  #lookAt = -Infinity
  #seen = ''
  #movedAt = 0

  constructor({
    log,
    clock,
    spouts,
    firstElsewhere,
  }: {
    readonly log: Log
    readonly clock: Clock
    readonly spouts: readonly Inlet[]
    readonly firstElsewhere?: TopicsElsewhere
  }) {
    this.#log = log
    this.#clock = clock
    const first = spouts.filter((spout) => spout.first)
    // Where all are first, none is.
    const here = first.length === spouts.length ? [] : [...new Set(first.map(({ topic }) => topic))]
    this.#elsewhere = firstElsewhere
    this.#topics = firstElsewhere?.topics ?? here
  }

  /** Takes note of where they end, the first time. */
  async begin(member: GroupMember): Promise<void> {
    if (this.#member) return
    this.#member = member
    this.#movedAt = this.#clock.now()
    for (const topic of this.#topics)
      for (const { partition, latest } of await this.#log.partitions(topic))
        if (latest > 0) this.#awaited = [...this.#awaited, { topic, partition, offset: latest }]
  }

  /** True while others have not read theirs to where they ended. @param own Says which are this process's. */
  async waits(own: (place: TopicPartition) => boolean): Promise<boolean> {
    const elsewhere = this.#elsewhere ? this.#awaited : this.#awaited.filter((place) => !own(place))
    const now = this.#clock.now()
    if (elsewhere.length === 0 || now < this.#lookAt) return elsewhere.length > 0
    this.#lookAt = now + firstLookMs
    const committed = await (this.#elsewhere ?? this.#member!).committed(elsewhere)
    const left = elsewhere.filter(
      (place) =>
        !committed.some(
          ({ topic, partition, offset }) =>
            topic === place.topic && partition === place.partition && offset >= place.offset,
        ),
    )
    const seen = JSON.stringify(committed)
    if (seen !== this.#seen) this.#movedAt = now
    this.#seen = seen
    this.#awaited = left.length === 0 || now - this.#movedAt >= mostMs ? [] : this.#awaited
    return this.#awaited.length > 0
  }
}
