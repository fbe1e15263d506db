import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Topology } from '@heddle/core'
import { type EngineUnderTest, contractTopologies } from '@heddle/core/contracts'
import { type BundleSource, stormEngine } from '@heddle/engine/storm'
import { openKafkaLog } from '@heddle/log/kafka'

type Which = keyof typeof contractTopologies

/** The bundle of a topology of the engine contract, found by its plan. */
function bundleOf({ name, plan }: Topology): BundleSource {
  const { guarantee } = plan.settings
  const which = (Object.keys(contractTopologies) as Which[]).find(
    (each) => JSON.stringify(contractTopologies[each](name, guarantee).plan) === JSON.stringify(plan),
  )!
  const from = fileURLToPath(import.meta.resolve('@heddle/log/kafka'))
  return {
    entry: `
      import { contractTopologies } from '@heddle/core/contracts'
      import { serveComponent } from '@heddle/engine/storm/runtime'
      await serveComponent({
        load: async () => [contractTopologies.${which}(${JSON.stringify(name)}, ${JSON.stringify(guarantee)})],
        openLog: async (options, statePath) => {
          const { openKafkaLog } = await import('@heddle/log/kafka')
          return openKafkaLog({ ...options, statePath })
        },
      })`,
    resolveFrom: import.meta.dirname,
    threads: [join(dirname(from), 'store/bulk-load-thread.ts')],
    conditions: ['@heddle/source'],
    packages: [
      { name: 'lmdb', from },
      { name: '@node-rs/crc32', from, optional: true },
      { name: '@platformatic/wasm-utils', from },
      { name: '@platformatic/dynamic-buffer', from },
    ],
  }
}

/** An engine on that Storm, whose topologies read and write that Kafka. */
export async function openStormEngine(url: string, brokers: readonly string[]): Promise<EngineUnderTest> {
  const statePath = await mkdtemp(join(tmpdir(), 'heddle-storm-'))
  const log = await openKafkaLog({ brokers, statePath })
  const engine = stormEngine({
    url,
    log,
    componentLog: { brokers },
    bundleOf,
    node: process.execPath,
    conf: { 'topology.worker.childopts': '-XX:+UseSerialGC -XX:TieredStopAtLevel=1' },
  })
  return {
    engine,
    log,
    async close() {
      for (const { name } of await engine.list()) await engine.kill(name, { waitMs: 0 })
      await engine.close()
      await log.close()
      await rm(statePath, { recursive: true })
    },
  }
}
