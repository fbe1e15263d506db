/**
 * How a batch comes to the task that it is for.
 *
 * Storm has the direct grouping for that, and Storm 2.8.4 cannot do it for programs: it takes the task's number for a Long, and
 * its JSON parser makes an Integer of it. So each component has a stream for each one that takes from it, by the fields grouping
 * on a number that is chosen so that Storm's hash of it is the wanted task: `floorMod(31 + place, tasks)`, the hash of a list of
 * one integer. Whoever gets a batch sees whether that still holds.
 *
 * @module
 */

/** The fields of a stream. */
export const batchFields = ['place', 'batch'] as const

/** The stream to a component. */
export const streamTo = (component: string): string => `to-${component}`

/** A task of a component that a batch goes to. */
export interface Destination {
  readonly stream: string
  readonly place: number
}

/** Java's `Arrays.hashCode` begins with 1, and each value is added to 31 times that. */
const hashOfNothing = 31

/** The value of `place` for the task with this index, of so many. */
export const placeOf = (index: number, tasks: number): number =>
  (((index - hashOfNothing) % tasks) + tasks) % tasks
