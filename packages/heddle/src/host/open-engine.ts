import type { Clock, Connector, Engine, Log } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import type { HeddleConfig } from '../config/config.ts'
import { ownConnectors } from './connectors.ts'
import { type TopologyPlace, placeOf } from './load-topologies.ts'

/** What a thread gets to find its topology, and to run it as the others do. */
export interface ThreadPlace extends TopologyPlace {
  readonly keyPartitions: number | 'auto'
  readonly instance: string
  readonly standby: number
}

/**
 * The engine of a host: each topology in threads of its own, as the configuration says. Those that are of no file run in this
 * thread, since functions do not travel, and so do those that use a connector that only this thread has.
 */
export async function openEngine(
  { threads, drainMs, ...config }: HeddleConfig,
  log: Log,
  given: readonly Connector[],
  clock: Clock,
): Promise<Engine> {
  const shared = {
    // In one process, on an embedded log, what is not cut runs fastest.
    keyPartitions: config.keyPartitions === 'auto' && config.log === 'embedded' ? 1 : config.keyPartitions,
    instance: config.instance,
    standby: config.standby,
  }
  const connectors = unique([...given, ...ownConnectors])
  const here = localEngine({ log, connectors, clock, drainMs, ...shared })
  if (threads.isolation === 'none') return here
  const { threadEngine } = await import('@heddle/engine/threads')
  const kinds = new Set(given.map(({ kind }) => kind))
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return threadEngine({
    log,
    here,
    clock,
    drainMs,
    keyPartitions: shared.keyPartitions,
    entry: new URL(`./topology-thread.${extension}`, import.meta.url),
    maxHeapMb: threads.memoryBytes / 2 ** 20,
    hangTimeoutMs: threads.hangTimeoutMs,
    locate: (topology) => {
      const ownOnly = topology.plan.components.some(
        ({ operator, config }) => operator === 'sink' && kinds.has(config['kind'] as string),
      )
      const place = placeOf(topology)
      return ownOnly || !place ? undefined : ({ ...place, ...shared } satisfies ThreadPlace)
    },
  })
}

/** The first connector of each kind. */
const unique = (connectors: readonly Connector[]): Connector[] =>
  connectors.filter((one, index) => connectors.findIndex((other) => other.kind === one.kind) === index)
