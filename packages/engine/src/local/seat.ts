import { type Clock, type GroupMember, type Log, type Plan, type TopicPartition, sleep } from '@heddle/core'
import { stateless } from '../operators/table.ts'

/** How often to look whether another process has the seat, in milliseconds, until somebody has it. */
const lookMs = 20

export interface SeatContext {
  readonly log: Log
  readonly clock: Clock
  /** It was another process's, and is this one's now. */
  readonly taken: () => void
  /** It goes to another process when this resolves, or was `lost` to one already. */
  readonly left: (lost: boolean) => Promise<void>
}

/**
 * True for topologies that one process runs at a time: those with state, or with code that may have some. Two processes
 * would both count the same key, each without what the other knows; what only passes through is shared.
 */
export const needsSeat = (plan: Plan): boolean =>
  plan.components.some(({ operator }) => !stateless.has(operator))

/**
 * The right to run a topology, of which there is one among all processes: partition 0 of the dead-letter topic, in a
 * consumer group of its own. Who waits for it stands by, and takes over when the other is gone.
 */
export class Seat {
  readonly #plan: Plan
  readonly #context: SeatContext
  #member: GroupMember | undefined
  #held = false

  constructor(plan: Plan, context: SeatContext) {
    this.#plan = plan
    this.#context = context
  }

  /** The consumer group that hands it on. */
  get group(): string {
    return `${this.#plan.name}.seat`
  }

  /** Name of this process in the group; `undefined` until it has joined. */
  get member(): string | undefined {
    return this.#member?.member
  }

  /** The topic whose first partition stands for it. */
  get topic(): string {
    return this.#plan.settings.deadLetterTopic
  }

  get held(): boolean {
    return this.#held
  }

  /** Resolves when it has the seat, or another process has it. */
  async start(): Promise<void> {
    const { log, clock, taken, left } = this.#context
    const decided = Promise.withResolvers<void>()
    let starting = true
    const leave = async (partitions: readonly TopicPartition[], lost: boolean): Promise<void> => {
      if (!isSeat(partitions)) return
      this.#held = false
      await left(lost)
    }
    this.#member = await log.joinGroup({
      group: this.group,
      topics: [this.topic],
      onAssigned: (partitions) => {
        if (!isSeat(partitions)) return
        this.#held = true
        if (starting) decided.resolve()
        else taken()
      },
      onRevoked: (partitions) => leave(partitions, false),
      onLost: (partitions) => leave(partitions, true),
    })
    const stopped = new AbortController()
    const look = async (): Promise<void> => {
      do await sleep(clock, lookMs, stopped.signal)
      while (!stopped.signal.aborted && !(await this.#isElsewhere()))
    }
    try {
      await Promise.race([decided.promise, look()])
    } finally {
      starting = false
      stopped.abort()
    }
  }

  async leave(): Promise<void> {
    await this.#member?.leave()
  }

  async #isElsewhere(): Promise<boolean> {
    const groups = await this.#context.log.listGroups()
    const members = groups.find(({ group }) => group === this.group)?.members ?? []
    return members.some(({ member, assignment }) => member !== this.#member?.member && isSeat(assignment))
  }
}

const isSeat = (partitions: readonly TopicPartition[]): boolean =>
  partitions.some(({ partition }) => partition === 0)
