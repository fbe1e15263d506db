import type { CommitFault } from '@heddle/log/memory'

/** Lets commits of the log fail, as disks and networks do: at a named moment, or now and then. */
export class Faults {
  readonly #random: () => number
  readonly #planned: CommitFault[] = []
  #chances: Readonly<Partial<Record<CommitFault, number>>> = {}

  constructor(random: () => number) {
    this.#random = random
  }

  /** The next commits go wrong in these ways, one each. */
  plan(...faults: readonly CommitFault[]): void {
    this.#planned.push(...faults)
  }

  /** From here on each commit goes wrong with these probabilities. */
  chances(chances: Readonly<Partial<Record<CommitFault, number>>>): void {
    this.#chances = chances
  }

  /** No more of them. */
  stop(): void {
    this.#planned.length = 0
    this.#chances = {}
  }

  /** What becomes of the commit that is due. */
  next(): CommitFault | undefined {
    const planned = this.#planned.shift()
    if (planned) return planned
    const { fails = 0, 'answer-lost': lost = 0 } = this.#chances
    if (fails + lost === 0) return undefined
    const drawn = this.#random()
    if (drawn < fails) return 'fails'
    return drawn < fails + lost ? 'answer-lost' : undefined
  }
}
