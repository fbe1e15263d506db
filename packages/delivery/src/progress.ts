/**
 * How far a subscription has come in a partition, as the metadata of the committed offset: what is not done behind it, and how
 * often that was given out, so that a restart neither repeats what is done nor forgets attempts.
 *
 * ```
 * metadata  = 'd1' ' ' upto ( ' ' distance [ ':' attempts [ ':' due ] ] )*
 * upto      = how far behind the committed offset all others are done; further on nothing is, and nothing was given out
 * distance  = from one unfinished offset to the next; the first one is the committed offset, at 0
 * attempts  = how often it was given out, where it was
 * due       = second since 1970 before which it is not given out again, where it waits for that
 * ```
 *
 * Numbers are in base 36.
 *
 * @module
 */

/** Longest metadata that the Log port takes, in characters. */
const maxLength = 4096

/** An event that is not done. */
export interface Open {
  readonly offset: number
  readonly attempts: number
  /** Milliseconds since 1970 before which it is not given out; 0 for at once. */
  readonly dueAt: number
}

export interface Progress {
  /** First offset that is not done. */
  readonly offset: number
  readonly metadata?: string
}

/**
 * @param open What is not done, in the order of its offsets.
 * @param next First offset that was not read.
 * @param touched Behind the last offset that is done or was given out: what was only read ahead is not listed.
 */
export function encodeProgress(open: Iterable<Open>, next: number, touched: number): Progress {
  let offset: number | undefined
  let last = 0
  let upto = touched
  let entries = ''
  for (const one of open) {
    if (offset === undefined) offset = last = one.offset
    if (one.offset >= touched) break
    const entry = ` ${(one.offset - last).toString(36)}${historyOf(one)}`
    // What does not fit is done again.
    if (entries.length + entry.length > maxLength - 20) {
      upto = one.offset
      break
    }
    entries += entry
    last = one.offset
  }
  if (offset === undefined) return { offset: next }
  if (upto <= offset || (upto === offset + 1 && entries === ' 0')) return { offset }
  return { offset, metadata: `d1 ${(upto - offset).toString(36)}${entries}` }
}

function historyOf({ attempts, dueAt }: Open): string {
  if (attempts === 0) return ''
  const due = dueAt === 0 ? '' : `:${Math.ceil(dueAt / 1000).toString(36)}`
  return `:${attempts.toString(36)}${due}`
}

/** What was committed. */
export interface Resumed {
  /** True for what is done. */
  readonly done: (offset: number) => boolean
  /** Nothing is known of what is from here on. */
  readonly touched: number
  /** What was given out before, and is not done. */
  readonly history: ReadonlyMap<number, Open>
}

/** Reads it back. Metadata of another kind says nothing. */
export function decodeProgress({ offset, metadata }: Progress): Resumed {
  const [format, upto, ...entries] = metadata?.split(' ') ?? []
  const limit = offset + Number.parseInt(upto ?? '', 36)
  const history = new Map<number, Open>()
  if (format !== 'd1' || Number.isNaN(limit)) return { done: () => false, history, touched: offset }
  const open = new Set<number>()
  let last = offset
  for (const entry of entries) {
    const [distance, attempts, due] = entry.split(':')
    last += Number.parseInt(distance!, 36)
    open.add(last)
    if (attempts === undefined) continue
    const dueAt = due === undefined ? 0 : Number.parseInt(due, 36) * 1000
    history.set(last, { offset: last, attempts: Number.parseInt(attempts, 36), dueAt })
  }
  return { done: (candidate) => candidate < limit && !open.has(candidate), history, touched: limit }
}
