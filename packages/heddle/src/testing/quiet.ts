import { HeddleError } from '@heddle/core'
import type { MemoryDisk } from '@heddle/log/memory'

/** Without anything under way for so many turns of the event loop, nothing is any more. */
const quietTurns = 3

/** How many turns of the event loop all that was begun may take: about a second. */
const mostTurnsToSettle = 1_000_000

/** How many turns of the event loop a wait may take. */
const mostTurns = 2

/** How many turns are waited for here, in all fabrics of the process. */
let turning = 0

async function turn(): Promise<void> {
  turning++
  await new Promise<void>((resolve) => void setImmediate(resolve))
  turning--
}

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

/**
 * Waits until all that was begun is done, or waits for time to go by.
 *
 * @throws HEDDLE_TEST_STUCK when there is no end to it.
 */
export async function untilQuiet(disk: MemoryDisk, turns: Turns): Promise<void> {
  let { ended } = disk
  let quiet = 0
  for (let taken = 0; quiet < quietTurns; taken++) {
    if (taken === mostTurnsToSettle)
      throw new HeddleError(
        'HEDDLE_TEST_STUCK',
        `after ${taken} turns of the event loop something still goes on`,
      )
    await turn()
    const busy = turns.waiting > 0 || disk.underWay > 0 || disk.ended !== ended || busyElsewhere()
    quiet = busy ? 0 : quiet + 1
    ended = disk.ended
  }
}

/** Code of the topologies waits for a turn of the event loop, or for a file. */
function busyElsewhere(): boolean {
  let immediates = 0
  for (const resource of process.getActiveResourcesInfo()) {
    if (resource === 'Immediate') immediates++
    else if (resource.startsWith('FSReq')) return true
  }
  return immediates > turning
}
