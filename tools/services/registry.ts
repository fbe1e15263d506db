import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { CACHE } from './jars.ts'

/** What `npm run services -- status` can say of a service that runs. */
export interface Entry {
  readonly service: string
  readonly addresses: Readonly<Record<string, string>>
  /** Process ids by name. */
  readonly processes: Readonly<Record<string, number>>
  readonly logs: string
}

/** An entry, and the process that started the service: with it, it ends. */
export interface Running extends Entry {
  readonly owner: number
}

const FOLDER = join(CACHE, 'running')

/** Each run has a file named for its data folder. */
const fileOf = (data: string): string => join(FOLDER, `${basename(data)}.json`)

/** Written whole, since other processes may be reading it. */
export function register(data: string, entry: Entry): void {
  mkdirSync(FOLDER, { recursive: true })
  const file = fileOf(data)
  writeFileSync(`${file}.new`, JSON.stringify({ ...entry, owner: process.pid } satisfies Running))
  renameSync(`${file}.new`, file)
}

export function forget(data: string): void {
  rmSync(fileOf(data), { force: true })
}

/**
 * The services of this clone that run now. Of those whose owner was killed, what is left is removed: the entry, and data
 * that a Storm worker wrote in the moment between the deletion and its own end.
 */
export function running(): Running[] {
  mkdirSync(FOLDER, { recursive: true })
  return readdirSync(FOLDER).flatMap((name) => {
    const entry = name.endsWith('.json') ? read(join(FOLDER, name)) : undefined
    if (!entry) return []
    if (isAlive(entry.owner)) {
      const processes = Object.entries(entry.processes).filter(([, pid]) => isAlive(pid))
      return [{ ...entry, processes: Object.fromEntries(processes) }]
    }
    rmSync(join(tmpdir(), basename(name, '.json')), { recursive: true, force: true })
    rmSync(join(FOLDER, name), { force: true })
    return []
  })
}

/** Undefined when its service has stopped since the folder was read. */
function read(file: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Running
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // There, but of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
