/**
 * What is not done before and behind a committed offset, as the metadata of that offset: after a restart only that is
 * done again.
 *
 * ```
 * metadata  = 'h1' ' ' upto ( ' ' distance )*
 * upto      = how far behind the committed offset all others are done
 * distance  = from one unfinished offset to the next; the committed offset is the first
 * ```
 *
 * Numbers are in base 36.
 *
 * @module
 */

/** Longest metadata that the Log port takes, in characters. */
const maxLength = 4096

export interface Progress {
  /** First offset that is not done. */
  readonly offset: number
  readonly metadata?: string
}

/**
 * @param unfinished Offsets that are not done, in order.
 * @param next First offset that was not begun.
 */
export function encodeProgress(unfinished: Iterable<number>, next: number): Progress {
  let offset: number | undefined
  let last = 0
  let upto = next
  let distances = ''
  for (const each of unfinished) {
    if (offset === undefined) {
      offset = last = each
      continue
    }
    const distance = ` ${(each - last).toString(36)}`
    // What does not fit is done again.
    if (distances.length + distance.length > maxLength - 20) {
      upto = each
      break
    }
    distances += distance
    last = each
  }
  if (offset === undefined) return { offset: next }
  if (upto === last + 1 && distances === '') return { offset }
  return { offset, metadata: `h1 ${(upto - offset).toString(36)}${distances}` }
}

/** Tells offsets that were done before. Metadata of another kind says nothing. */
export function doneBefore({ offset, metadata }: Progress): (candidate: number) => boolean {
  const [format, upto, ...distances] = metadata?.split(' ') ?? []
  const limit = offset + Number.parseInt(upto ?? '', 36)
  if (format !== 'h1' || Number.isNaN(limit)) return () => false
  const unfinished = new Set([offset])
  let last = offset
  for (const distance of distances) unfinished.add((last += Number.parseInt(distance, 36)))
  return (candidate) => candidate < limit && !unfinished.has(candidate)
}
