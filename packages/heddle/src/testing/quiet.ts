import type { MemoryDisk } from '@heddle/log/memory'

/** Without a commit for so many turns of the event loop, nothing is under way any more. */
const quietTurns = 6

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** How many turns of the event loop a wait may take. */
const mostTurns = 2

/** Waits for turns of the event loop, as many as come of a draw. */
export class Turns {
  /** Somebody waits for some. */
  waiting = 0
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  readonly some = async (): Promise<void> => {
    this.waiting++
    for (let turns = Math.floor(this.#random() * (mostTurns + 1)); turns > 0; turns--) await turn()
    this.waiting--
  }
}

/** Waits until all that was begun is done, or waits for time to go by. */
export async function untilQuiet(disk: MemoryDisk, turns: Turns): Promise<void> {
  let { ended } = disk
  for (let quiet = 0; quiet < quietTurns; quiet++) {
    await turn()
    if (turns.waiting === 0 && disk.underWay === 0 && disk.ended === ended) continue
    ended = disk.ended
    quiet = 0
  }
}
