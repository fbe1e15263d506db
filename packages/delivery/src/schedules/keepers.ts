import { type GroupMember, HeddleError, type TopicSpec, isHeddleError, sleep } from '@heddle/core'
import { type ScheduleFailed, scheduleFailedChannel } from '../channels.ts'
import { Keeper } from './keeper.ts'
import { answersTopic, keepersGroup, schedulesTopic } from './names.ts'
import type { ScheduleContext } from './options.ts'

/** What a request or an answer has beside an entry, or a page of a thousand schedules, in bytes. */
const maxRequestBytes = 1024 ** 2

/** How long answers are kept, in milliseconds: nobody looks for older ones. */
const answersKeptMs = 600_000

/** How long a repeat is recognised: the event would be sent again after that, where it was sent meanwhile. */
const dedupe = { ms: 600_000, ids: 250_000 }

/** The share that this process has in keeping schedules: from when there are any, until it closes. */
export class Keepers {
  readonly #context: ScheduleContext
  readonly #keepers = new Map<number, Keeper>()
  readonly #closed = new AbortController()
  readonly #looking: Promise<void>
  #member: GroupMember | undefined
  #joining: Promise<void> | undefined

  constructor(context: ScheduleContext) {
    this.#context = context
    this.#looking = this.#look()
  }

  /** It takes part. */
  get open(): boolean {
    return this.#member !== undefined
  }

  /** Takes part; makes the topics when they are not there. */
  async begin(): Promise<void> {
    if (this.#closed.signal.aborted) throw new HeddleError('HEDDLE_LOG_CLOSED', 'schedules are closed')
    this.#joining ??= this.#join().catch((error: unknown) => {
      this.#joining = undefined
      throw error
    })
    await this.#joining
  }

  /** Whether anybody ever had schedules; takes part if so. */
  async exist(): Promise<boolean> {
    if (this.open) return true
    if (!(await this.#context.log.describeTopic(schedulesTopic))) return false
    await this.begin()
    return true
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#looking
    // One that failed was told.
    await this.#joining?.catch(() => {})
    await this.#stop([...this.#keepers.keys()])
    await this.#member?.leave()
  }

  async #look(): Promise<void> {
    const { clock, lookMs } = this.#context
    const { signal } = this.#closed
    while (!signal.aborted && !this.#joining) {
      try {
        if (await this.exist()) return
      } catch (error) {
        if (signal.aborted || isHeddleError(error, 'HEDDLE_LOG_CLOSED')) return
        if (scheduleFailedChannel.hasSubscribers)
          scheduleFailedChannel.publish({ partition: -1, error } satisfies ScheduleFailed)
      }
      await sleep(clock, lookMs, signal)
    }
  }

  async #join(): Promise<void> {
    const { log, maxBytes, partitions } = this.#context
    const maxRecordBytes = Math.max(maxBytes, maxRequestBytes) * 2
    await this.#ensure({
      name: answersTopic,
      partitions: 1,
      retention: { ms: answersKeptMs },
      durability: 'os',
      maxRecordBytes,
    })
    await this.#ensure({ name: schedulesTopic, partitions, dedupe, maxRecordBytes })
    const joined = Promise.withResolvers<GroupMember>()
    // Keepers are told, those that there are.
    joined.promise.catch(() => {})
    try {
      this.#member = await log.joinGroup({
        group: keepersGroup,
        topics: [schedulesTopic],
        onAssigned: (places) => {
          for (const place of places)
            this.#keepers.set(place.partition, new Keeper(this.#context, joined.promise, place))
        },
        onRevoked: (places) => this.#stop(places.map(({ partition }) => partition)),
        onLost: (places) => this.#stop(places.map(({ partition }) => partition)),
      })
      joined.resolve(this.#member)
    } catch (error) {
      joined.reject(error)
      await this.#stop([...this.#keepers.keys()])
      throw error
    }
  }

  async #stop(partitions: readonly number[]): Promise<void> {
    const stopping = partitions.map(async (partition) => this.#keepers.get(partition)?.stop())
    for (const partition of partitions) this.#keepers.delete(partition)
    await Promise.all(stopping)
  }

  /** Whatever settings it has. */
  async #ensure(spec: TopicSpec): Promise<void> {
    const { log } = this.#context
    if (await log.describeTopic(spec.name)) return
    await log.createTopic(spec).catch((error: unknown) => {
      // Another process was first.
      if (!isHeddleError(error, 'HEDDLE_LOG_TOPIC_EXISTS')) throw error
    })
  }
}
