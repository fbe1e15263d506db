import type { Log } from '@heddle/core'

/** What `numbers.topology.ts` makes of a number, and the process that did. */
export interface Square {
  readonly n: number
  readonly square: number
  readonly pid: number
}

/** All that is in its output by now. */
export async function squaresIn(log: Log): Promise<Square[]> {
  const found: Square[] = []
  for (const { partition, earliest, latest } of await log.partitions('squares'))
    for (let offset = earliest; offset < latest;) {
      const [part] = await log.read([{ topic: 'squares', partition, offset }])
      if (!part) break
      for (const { value } of part.records) found.push(JSON.parse(Buffer.from(value!).toString()) as Square)
      offset = part.nextOffset
    }
  return found
}
