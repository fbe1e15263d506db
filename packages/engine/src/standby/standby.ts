import { type Clock, type Follower, type Log, type StandbyCopy, sleep } from '@heddle/core'
import { type SharedStores, copiesOf } from './copies.ts'

export interface StandbyContext {
  readonly log: Log
  readonly clock: Clock
  /** How many copies there are to be of each store, beside the one of its owner. */
  readonly copies: number
  /** How often to look who owns what, in milliseconds. */
  readonly lookMs: number
  /** What is shared now. */
  readonly shared: () => Promise<readonly SharedStores[]>
  readonly report: (error: unknown) => void
}

/** Keeps copies of stores that other processes of the same topology own, so that this one has little to read when it takes over. */
export class Standby {
  readonly #context: StandbyContext
  readonly #followers = new Map<string, Follower>()
  readonly #stopped = new AbortController()
  readonly #looking: Promise<void>
  #copies: readonly StandbyCopy[] = []

  constructor(context: StandbyContext) {
    this.#context = context
    this.#looking = this.#look()
  }

  /** As they were at the last look. */
  get copies(): readonly StandbyCopy[] {
    return this.#copies
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#looking
    await this.#follow(new Set())
  }

  async #look(): Promise<void> {
    const { clock, lookMs, report } = this.#context
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        await this.#follow(await this.#wanted())
        this.#copies = await Promise.all([...this.#followers.values()].map(copyOf))
      } catch (error) {
        // What is kept is kept; the next look may have more luck.
        if (!signal.aborted) report(error)
      }
      await sleep(clock, lookMs, signal)
    }
  }

  async #wanted(): Promise<ReadonlySet<string>> {
    const { log, copies, shared } = this.#context
    const [groups, infos] = await Promise.all([shared(), log.listGroups()])
    return new Set(
      groups.flatMap((each) => {
        const members = infos.find(({ group }) => group === each.group)?.members ?? []
        return copiesOf(each, members, copies).flatMap((partition) => each.stores(partition))
      }),
    )
  }

  async #follow(wanted: ReadonlySet<string>): Promise<void> {
    const { log } = this.#context
    for (const [store, follower] of this.#followers) {
      if (wanted.has(store)) continue
      this.#followers.delete(store)
      await follower.close()
    }
    for (const store of wanted)
      if (!this.#followers.has(store) && !this.#stopped.signal.aborted)
        this.#followers.set(store, log.follow!(store))
  }
}

async function copyOf(follower: Follower): Promise<StandbyCopy> {
  const behind = await follower.behind()
  return { store: follower.store, ...(behind !== undefined && { behind }) }
}
