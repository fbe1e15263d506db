import { HeddleError, type Schedule, type SchedulePage } from '@heddle/core'
import type { Answer } from './request.ts'

/**
 * One page of what all partitions listed, in the order in which it is due. A partition that has more is known only up to where it
 * looked: what the others have behind that is for the next page.
 */
export function mergePages(answers: readonly Answer[], limit: number): SchedulePage {
  const ends = answers.flatMap(({ more }) => (more === undefined ? [] : [more]))
  const end = ends.reduce<string | undefined>(
    (least, one) => (least === undefined || one < least ? one : least),
    undefined,
  )
  const all = answers.flatMap(({ listed = [] }) => listed)
  const known = all
    .filter(([key]) => end === undefined || key <= end)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const page = known.slice(0, limit)
  const schedules = page.map(([, schedule]): Schedule => schedule)
  const next = known.length > limit ? page.at(-1)![0] : end
  return { schedules, ...(next !== undefined && { next: Buffer.from(next).toString('base64url') }) }
}

/** @throws HEDDLE_SCHEDULE_INVALID when it is not the `next` of a page. */
export function readCursor(text: string): string {
  const key = Buffer.from(text, 'base64url').toString()
  if (/^t\/\d{15}\/\d{16}\/[\w.:~-]+$/.test(key)) return key
  throw new HeddleError('HEDDLE_SCHEDULE_INVALID', `'${text.slice(0, 100)}' is not the next of a page`)
}
