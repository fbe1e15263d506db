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

/** @throws HEDDLE_SCHEDULE_INVALID */
export function checkId(id: string): void {
  if (!idPattern.test(id))
    throw new HeddleError(
      'HEDDLE_SCHEDULE_INVALID',
      `'${id.slice(0, 200)}' is no id: 1 to 200 letters, digits, '.', '_', ':' and '-', and not 'count'`,
    )
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
