import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CACHE, type ServiceName } from './jars.ts'
import { JavaProcess, type JavaCommand } from './java-process.ts'
import { forget, register, running } from './registry.ts'

/** A service that runs. */
export interface Service extends AsyncDisposable {
  /** The addresses that clients need, by name. */
  readonly addresses: Readonly<Record<string, string>>
  /** Folder with all its data, in the system's temporary folder. It goes when the service stops. */
  readonly data: string
  /** Folder with the logs of all its processes. It stays when the service stops, until ten newer runs have been. */
  readonly logs: string
  /** How long it took until it was ready, in milliseconds. */
  readonly bootMs: number
  /** Kills all its processes and deletes its data; returns when they are gone. May be called again. */
  stop(): Promise<void>
}

/** How many runs of each service keep their logs. */
const RUNS_KEPT = 10

/** Before a process that died is started again, in milliseconds: one that cannot start does not take the machine. */
const AGAIN_AFTER = 1_000

/** The processes and folders of one service, from its boot to its stop. */
export class ServiceRun {
  readonly data: string
  readonly logs: string
  readonly #service: ServiceName
  readonly #addresses: Readonly<Record<string, string>>
  /** All that were ever started: one that was killed may have left children. */
  readonly #started: JavaProcess[] = []
  readonly #began = performance.now()
  #stopping = false

  /** @param addresses what `npm run services -- status` shows. */
  constructor(service: ServiceName, addresses: Readonly<Record<string, string>>) {
    this.#service = service
    this.#addresses = addresses
    this.data = mkdtempSync(join(tmpdir(), `heddle-services-${service}-`))
    this.logs = logFolder(service)
  }

  /** Starts a JVM that belongs to this run. */
  java(command: Omit<JavaCommand, 'data' | 'logs'>): JavaProcess {
    const started = new JavaProcess({ ...command, data: this.data, logs: this.logs })
    this.#started.push(started)
    this.#show()
    return started
  }

  /**
   * Starts a JVM that is started again, on the same command, whenever it ends without having been stopped from here. Its
   * deaths are in `supervision.log`.
   */
  supervised(command: Omit<JavaCommand, 'data' | 'logs'>): JavaProcess {
    const first = this.java(command)
    const watch = async (): Promise<void> => {
      for (let process = first; ; process = this.java(command)) {
        const how = await process.untilItDies()
        await pause(AGAIN_AFTER, undefined, { ref: false })
        // It may have been killed, or the service stopped, meanwhile.
        if (this.#stopping || process.asked) return
        const at = new Date().toISOString()
        appendFileSync(
          join(this.logs, 'supervision.log'),
          `${at} ${command.name} died (${how}), and is started again\n`,
        )
      }
    }
    void watch()
    return first
  }

  /** The process that was last started under that name. */
  process(name: string): JavaProcess {
    const found = this.#started.findLast((process) => process.name === name)
    if (!found)
      throw new Error(`there is no ${name}; there are: ${this.#started.map((p) => p.name).join(', ')}`)
    return found
  }

  /** Runs the steps of a boot; when one fails, stops all that was started. */
  async boot<T>(steps: () => Promise<T>): Promise<T & Service> {
    const stop = (): Promise<void> => this.#stop()
    try {
      const made = await steps()
      const bootMs = Math.round(performance.now() - this.#began)
      return {
        ...made,
        addresses: this.#addresses,
        data: this.data,
        logs: this.logs,
        bootMs,
        stop,
        [Symbol.asyncDispose]: stop,
      }
    } catch (error) {
      await stop()
      throw error
    }
  }

  async #stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#started.map((process) => process.killGroup()))
    rmSync(this.data, { recursive: true, force: true })
    forget(this.data)
  }

  #show(): void {
    const now = this.#started.filter((process) => process.running)
    register(this.data, {
      service: this.#service,
      addresses: this.#addresses,
      processes: Object.fromEntries(now.map((process) => [process.name, process.pid])),
      logs: this.logs,
    })
  }
}

function logFolder(service: ServiceName): string {
  const all = join(CACHE, 'logs', service)
  mkdirSync(all, { recursive: true })
  const time = new Date().toISOString().replaceAll(/[-:]|\..*/g, '')
  const made = mkdtempSync(join(all, `${time}-`))
  // Names begin with the time, so they sort by it.
  const older = readdirSync(all)
    .sort()
    .slice(0, -RUNS_KEPT)
    .map((name) => join(all, name))
  const inUse = new Set(running().map((entry) => entry.logs))
  for (const run of older) if (!inUse.has(run)) rmSync(run, { recursive: true, force: true })
  return made
}
