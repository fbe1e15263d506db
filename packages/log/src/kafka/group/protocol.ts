import type { CommittedOffset, TopicPartition } from '@heddle/core'
import type { Cluster } from '../client/cluster.ts'
import type { MemberIdentity } from '../wire/transaction.ts'

/** What a protocol needs to know of the member that speaks it. */
export interface Membership {
  readonly cluster: Cluster
  readonly group: string
  readonly topics: readonly string[]
  /** The name of a static member. */
  readonly instanceId: string | null
  readonly sessionTimeoutMs: number
  /** For what is answered at once. */
  readonly lane: string
  /** What it owns now. */
  owned(): readonly TopicPartition[]
  /**
   * Forgets what was assigned and not taken up yet. Called right before the member says to others what it owns, so that it
   * takes up nothing that it did not say.
   */
  settle(): void
}

/** How a member speaks with the coordinator of its group. One exchange at a time is under way, but for `commit` and `leave`. */
export interface GroupProtocol {
  /** Who the member is to the brokers now. */
  readonly identity: MemberIdentity
  /** How long to wait until the next exchange, in ms. */
  readonly intervalMs: number
  /**
   * Enters the group, as far as it takes to know that the brokers let it.
   * @throws KafkaError
   */
  enter(): Promise<readonly TopicPartition[] | undefined>
  /**
   * Says that the member lives and what it owns; enters anew where it has to.
   * @returns all that is assigned to it, when that has changed.
   * @throws KafkaError
   */
  beat(): Promise<readonly TopicPartition[] | undefined>
  /** The member has taken up or given up what it was told to; the next exchange, which follows at once, says so. */
  moved(change: 'assigned' | 'revoked'): void
  /** The brokers do not know the member any more: the next exchange enters anew. */
  reset(): void
  /**
   * Commits offsets outside of a transaction.
   * @returns the error codes of the answer.
   * @throws KafkaError
   */
  commit(offsets: readonly CommittedOffset[]): Promise<readonly number[]>
  /** Ends an exchange that waits for other members; it then throws. */
  interrupt(): void
  /** The last word. @throws KafkaError */
  leave(): Promise<void>
  /** Lets go of its connections. */
  close(): void
}
