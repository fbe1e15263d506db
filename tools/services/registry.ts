import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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

export function register(data: string, entry: Entry): void {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(fileOf(data), JSON.stringify({ ...entry, owner: process.pid } satisfies Running))
}

export function forget(data: string): void {
  rmSync(fileOf(data), { force: true })
}

/** The services of this clone that run now. Files of those whose owner was killed are removed. */
export function running(): Running[] {
  mkdirSync(FOLDER, { recursive: true })
  return readdirSync(FOLDER).flatMap((name) => {
    const file = join(FOLDER, name)
    const entry = JSON.parse(readFileSync(file, 'utf8')) as Running
    if (isAlive(entry.owner)) {
      const processes = Object.entries(entry.processes).filter(([, pid]) => isAlive(pid))
      return [{ ...entry, processes: Object.fromEntries(processes) }]
    }
    rmSync(file, { force: true })
    return []
  })
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
