import { readFileSync, readdirSync } from 'node:fs'

/** Sends a signal to all processes of a group; 0 only asks. False when there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/**
 * Whether a process of the group lives. One that is dead and only waits for its parent to ask how it ended (a zombie)
 * does not count: in a container it can stay for seconds, or for good.
 */
export function groupLives(group: number): boolean {
  if (!signalGroup(group, 0)) return false
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && livesIn(group, name))
}

/** proc(5): `pid (name) state ppid pgrp …`; the name may hold spaces and brackets. */
function livesIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(pgrp) === group && state !== 'Z' && state !== 'X'
  } catch {
    // It ended since the folder was read.
    return false
  }
}
