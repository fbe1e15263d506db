import { systemClock } from '@heddle/core'
import type { StormEngine } from '@heddle/engine/storm'
import type { HeddleConfig } from '../../config/config.ts'
import { openLog } from '../open-log.ts'
import { componentLogOf } from './component-log.ts'
import { stormBundle } from './storm-bundle.ts'

export interface StormOptions {
  /** `storm://nimbus:6627` */
  readonly url: string
  /** Workers of a topology. Default what the topology says, or else 1. */
  readonly workers?: number
  /** The command for Node on the supervisors, or `bundled`. Default `node`. */
  readonly node?: string
  /** Jars for the class path of workers. Default none. */
  readonly jars?: readonly string[]
  /** Configuration of Storm for a topology, by its names. Default none. */
  readonly conf?: Readonly<Record<string, unknown>>
}

/** An engine on a Storm cluster. */
export interface OpenStorm {
  readonly engine: StormEngine
  close(): Promise<void>
}

/** Opens it. Where the log is not one that the machines of the cluster reach, it has none: see `StormEngineOptions`. */
export async function openStorm(
  config: HeddleConfig,
  { url, workers, ...options }: StormOptions,
): Promise<OpenStorm> {
  const { stormEngine } = await import('@heddle/engine/storm')
  const log = /^kafka(\+ssl)?:/.test(config.log) ? await openLog(config, systemClock) : undefined
  const componentLog = await componentLogOf(config)
  const conf = { ...(workers !== undefined && { 'topology.workers': workers }), ...options.conf }
  const engine = stormEngine({
    ...options,
    url,
    conf,
    ...(log && { log }),
    componentLog,
    bundleOf: stormBundle,
  })
  return {
    engine,
    async close() {
      await engine.close()
      await log?.close()
    },
  }
}
