import { HeddleError } from '@heddle/core'

/** The topic of what was asked for: schedules that were accepted, cancelled, moved, looked for. */
export const schedulesTopic = 'heddle.schedules'

/** The topic of the answers. */
export const answersTopic = 'heddle.schedules.answers'

/** The topic of events that could not be sent. */
export const unsentTopic = 'heddle.schedules.dead-letters'

/** Whose members share the partitions of `schedulesTopic`. */
export const keepersGroup = 'heddle.schedules'

/** The store of a partition, and the transactor that writes it: whoever has opened it last is the only one that does. */
export const storeOf = (partition: number): string => `heddle.schedules.${partition}`

/** Not `count`, which means another thing where ids stand in an address. */
const idPattern = /^(?!count$)[a-zA-Z0-9._:-]{1,200}$/

const givenPattern = /^([0-9a-z]{9})-([0-9a-z]{11})-[0-9a-f]{8}$/

/** @throws HEDDLE_SCHEDULE_INVALID */
export function checkId(id: string): void {
  if (!idPattern.test(id) || givenPattern.test(id))
    throw new HeddleError(
      'HEDDLE_SCHEDULE_INVALID',
      `'${id.slice(0, 200)}' is no id: 1 to 200 letters, digits, '.', '_', ':' and '-', not 'count', and not one that was given`,
    )
}

/**
 * The id of a schedule for which none was chosen: it says where the schedule is, so that most need no index.
 * @param at When it is due at first.
 * @param place See `Facts`.
 * @param instance Eight hexadecimal digits of the process that gives it.
 */
export const givenId = (at: number, place: number, instance: string): string =>
  `${at.toString(36).padStart(9, '0')}-${place.toString(36).padStart(11, '0')}-${instance}`

/** What a given id says; `undefined` for one that was chosen. */
export function readGivenId(id: string): { readonly at: number; readonly place: number } | undefined {
  const match = givenPattern.exec(id)
  return match ? { at: Number.parseInt(match[1]!, 36), place: Number.parseInt(match[2]!, 36) } : undefined
}

/** What stands between the id of a schedule and the number of a run that it began. */
const runMark = '~'

/** The id of a run that a schedule began: nobody can choose it. */
export const runId = (id: string, number: number): string => `${id}${runMark}${number}`

/** All runs of a schedule, as a range of ids. */
export const runsOf = (id: string): { readonly gte: string; readonly lt: string } => ({
  gte: `${id}${runMark}`,
  lt: `${id}\u007F`,
})

/** Whether an id can be asked for: also that of a run. */
export const isKnownAs = (id: string): boolean => idPattern.test(id.replace(/~\d+$/, ''))
