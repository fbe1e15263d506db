import { join } from 'node:path'
import type { ComponentMetrics, TopologyMetrics } from 'heddle'
import { FabricProcess, type FabricSettings, freePort } from './fabric-process.ts'

/** Some `heddle up` processes that run the same topology on one log: one of them, or several on Kafka. */
export class Fleet {
  readonly members: readonly FabricProcess[]
  readonly #names: readonly string[]

  private constructor(members: readonly FabricProcess[], names: readonly string[]) {
    this.members = members
    this.#names = names
  }

  /**
   * Makes `size` processes, which are not started yet, with folders in `folder`.
   * @param settings `names` are those of the topologies.
   */
  static async of(
    size: number,
    folder: string,
    settings: Pick<FabricSettings, 'env' | 'log' | 'topologies'> & { readonly names: readonly string[] },
  ): Promise<Fleet> {
    const members: FabricProcess[] = []
    for (let n = 0; n < size; n++)
      members.push(
        new FabricProcess({ ...settings, data: join(folder, `data-${n}`), port: await freePort() }),
      )
    return new Fleet(members, settings.names)
  }

  /** Whom to ask for what all of them can tell. */
  get url(): string {
    return this.members[0]!.url
  }

  get kills(): number {
    return this.members.reduce((sum, { kills }) => sum + kills, 0)
  }

  /** What they said on stderr last. */
  get lastWords(): string {
    return this.members.map(({ lastWords }) => lastWords).join('\n')
  }

  /** Starts all; resolves with the milliseconds until the last one was ready. */
  async start(): Promise<number> {
    return Math.max(...(await Promise.all(this.members.map((member) => member.start()))))
  }

  /** Stops all as an operator would; resolves with the exit codes that are not 0. */
  async stop(): Promise<readonly (number | null)[]> {
    const codes = await Promise.all(this.members.map((member) => member.stop()))
    return codes.filter((code) => code !== 0)
  }

  /** Figures of the topologies, over all processes. */
  async metrics(): Promise<TopologyMetrics> {
    const all = await Promise.all(
      this.members.flatMap(({ url }) => this.#names.map((name) => metricsAt(url, name))),
    )
    return all.reduce(sum)
  }
}

async function metricsAt(url: string, name: string): Promise<TopologyMetrics> {
  const response = await fetch(`${url}/topologies/${name}`)
  if (!response.ok) throw new Error(`the state of the topology was answered ${response.status}`)
  return ((await response.json()) as { metrics: TopologyMetrics }).metrics
}

/** What two processes have done and have before them; of what cannot be added, that of the first. */
function sum(one: TopologyMetrics, other: TopologyMetrics): TopologyMetrics {
  const components = one.components.map((component): ComponentMetrics => {
    const same = other.components.find((each) => each.component === component.component)
    return {
      ...component,
      emitted: component.emitted + (same?.emitted ?? 0),
      executed: component.executed + (same?.executed ?? 0),
    }
  })
  return { ...one, components, lag: one.lag + other.lag, pending: one.pending + other.pending }
}
