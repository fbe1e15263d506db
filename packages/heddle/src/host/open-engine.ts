import type { Clock, Connector, Engine, Log } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import type { HeddleConfig } from '../config/config.ts'
import { ownConnectors } from './connectors.ts'
import { placeOf } from './load-topologies.ts'

/**
 * The engine of a host: each topology in threads of its own, as the configuration says. Those that are of no file run in this
 * thread, since functions do not travel, and so do those that use a connector that only this thread has.
 */
export async function openEngine(
  { threads, drainMs }: HeddleConfig,
  log: Log,
  given: readonly Connector[],
  clock: Clock,
): Promise<Engine> {
  const here = localEngine({ log, connectors: unique([...given, ...ownConnectors]), clock, drainMs })
  if (threads.isolation === 'none') return here
  const { threadEngine } = await import('@heddle/engine/threads')
  const kinds = new Set(given.map(({ kind }) => kind))
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return threadEngine({
    log,
    here,
    clock,
    drainMs,
    entry: new URL(`./topology-thread.${extension}`, import.meta.url),
    maxHeapMb: threads.memoryBytes / 2 ** 20,
    hangTimeoutMs: threads.hangTimeoutMs,
    locate: (topology) => {
      const ownOnly = topology.plan.components.some(
        ({ operator, config }) => operator === 'sink' && kinds.has(config['kind'] as string),
      )
      return ownOnly ? undefined : placeOf(topology)
    },
  })
}

/** The first connector of each kind. */
const unique = (connectors: readonly Connector[]): Connector[] =>
  connectors.filter((one, index) => connectors.findIndex((other) => other.kind === one.kind) === index)
