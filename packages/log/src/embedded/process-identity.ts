/**
 * Who this process is, and whether another one still lives: so that what a killed process held is free at once, and not
 * only when its session times out.
 *
 * @module
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

export interface ProcessIdentity {
  readonly pid: number
  /** Where the pid means something: machine, boot and pid namespace. */
  readonly space: string
  /** When it was started, in the system's own words; tells it from a later process with the same pid. */
  readonly started: string
}

const readOr = (read: () => string, otherwise: string): string => {
  try {
    return read()
  } catch {
    return otherwise
  }
}

const startOf = (pid: number): string =>
  // The 22nd field of stat; the second may hold spaces, and ends with the last ')'.
  readOr(() => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19]!, '')

export const ownProcess: ProcessIdentity = {
  pid: process.pid,
  space: [
    hostname(),
    readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(), ''),
    readOr(() => readlinkSync('/proc/self/ns/pid'), ''),
  ].join(' '),
  started: startOf(process.pid),
}

/** True only when it is certain that the process is gone; one of another machine or container never is. */
export function isGone({ pid, space, started }: ProcessIdentity): boolean {
  if (space !== ownProcess.space || pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  const now = startOf(pid)
  return started !== '' && now !== '' && now !== started
}
