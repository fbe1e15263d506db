import { type Deployed, type Engine, HeddleError, type PlanDiff, type Topology } from '@heddle/core'
import { filesOfFailure } from './fresh-import.ts'
import { loadError, loadTopologyFile } from './load-topologies.ts'

/** What became of a topology file. */
export type LiveReport =
  | {
      readonly what: 'started' | 'reloaded'
      readonly path: string
      readonly topologies: readonly Topology[]
      /** What is different from what ran before, by topology. */
      readonly changes: ReadonlyMap<string, PlanDiff>
    }
  | { readonly what: 'removed'; readonly path: string; readonly names: readonly string[] }
  /** What ran before goes on. */
  | { readonly what: 'failed'; readonly path: string; readonly error: unknown }

interface LiveFile {
  readonly topologies: readonly Topology[]
  /** All files that it was made of; when one changes it is loaded again. */
  readonly files: ReadonlySet<string>
}

/**
 * The topologies of files that change. A changed one is deployed over the one that runs: it goes on at the offsets and with
 * the state that it had, so that no event is lost or done twice. One that cannot is refused, and what ran before goes on.
 */
export class LiveTopologies {
  readonly #engine: Engine
  readonly #drainMs: number
  readonly #report: (report: LiveReport) => void
  readonly #files = new Map<string, LiveFile>()

  constructor(engine: Engine, drainMs: number, report: (report: LiveReport) => void) {
    this.#engine = engine
    this.#drainMs = drainMs
    this.#report = report
  }

  /** Every file that a topology is made of, those that cannot be loaded included. */
  files(): ReadonlySet<string> {
    return new Set([...this.#files.values()].flatMap(({ files }) => [...files]))
  }

  /** Topology files that are loaded, or were tried. */
  paths(): readonly string[] {
    return [...this.#files.keys()]
  }

  /** Topology files that are made of one of these files. */
  madeOf(changed: ReadonlySet<string>): readonly string[] {
    return [...this.#files]
      .filter(([, { files }]) => [...changed].some((file) => files.has(file)))
      .map(([path]) => path)
  }

  /** Loads a file and runs its topologies in place of those that it had before. */
  async load(path: string): Promise<void> {
    const before = this.#files.get(path)
    const running = before?.topologies ?? []
    let loaded: Awaited<ReturnType<typeof loadTopologyFile>>
    try {
      loaded = await loadTopologyFile(path)
    } catch (error) {
      const files = new Set([...(before?.files ?? []), path, ...filesOfFailure(error)])
      this.#files.set(path, { topologies: running, files })
      this.#report({ what: 'failed', path, error: loadError(path, error) })
      return
    }
    const files = new Set(loaded.files)
    const names = new Set(loaded.topologies.map(({ name }) => name))
    const now: Topology[] = []
    const changes = new Map<string, PlanDiff>()
    let failure: unknown
    for (const gone of running) if (!names.has(gone.name)) await this.#kill(gone)
    for (const topology of loaded.topologies) {
      const old = running.find(({ name }) => name === topology.name)
      try {
        const { diff } = await this.#deploy(topology, path)
        if (diff) changes.set(topology.name, diff)
        now.push(topology)
      } catch (error) {
        failure ??= error
        if (old) now.push(old)
      }
    }
    this.#files.set(path, { topologies: now, files })
    if (failure !== undefined) this.#report({ what: 'failed', path, error: failure })
    else this.#report({ what: before ? 'reloaded' : 'started', path, topologies: now, changes })
  }

  /** Stops the topologies of a file that is gone. */
  async remove(path: string): Promise<void> {
    const { topologies = [] } = this.#files.get(path) ?? {}
    this.#files.delete(path)
    for (const topology of topologies) await this.#kill(topology)
    this.#report({ what: 'removed', path, names: topologies.map(({ name }) => name) })
  }

  async #deploy(topology: Topology, path: string): Promise<Deployed> {
    const others = [...this.#files].filter(([other]) => other !== path)
    const taken = others.find(([, { topologies }]) => topologies.some(({ name }) => name === topology.name))
    if (taken)
      throw new HeddleError('HEDDLE_ENGINE_TOPOLOGY_EXISTS', `'${topology.name}' is that of ${taken[0]}`)
    return this.#engine.deploy(topology, { waitMs: this.#drainMs, by: 'file change' })
  }

  #kill({ name }: Topology): Promise<void> {
    return this.#engine.kill(name, { waitMs: this.#drainMs })
  }
}
