import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Log } from '@heddle/core'
import { type StormEngine, type StormEngineOptions, stormEngine } from '@heddle/engine/storm'
import { pipe } from './pipe.ts'

/** An engine whose topologies are pipes that get their pace from that port. */
export function oursOn(
  nimbus: string,
  log: Log,
  brokers: readonly string[],
  port: number,
  options: Pick<StormEngineOptions, 'maxBatch' | 'conf'>,
): StormEngine {
  const kafka = fileURLToPath(import.meta.resolve('@heddle/log/kafka'))
  const extension = kafka.endsWith('.ts') ? 'ts' : 'js'
  return stormEngine({
    ...options,
    url: `storm://${nimbus}`,
    log,
    componentLog: { brokers },
    node: process.execPath,
    bundleOf: ({ name }) => ({
      entry: `
        import { pipe } from './pipe.ts'
        import { serveComponent } from '@heddle/engine/storm/runtime'
        await serveComponent({
          load: async () => [pipe(${JSON.stringify(name)}, ${port})],
          openLog: async (options, statePath) => {
            const { openKafkaLog } = await import('@heddle/log/kafka')
            return openKafkaLog({ ...options, statePath })
          },
        })`,
      resolveFrom: import.meta.dirname,
      threads: [join(dirname(kafka), 'store', `bulk-load-thread.${extension}`)],
      conditions: extension === 'ts' ? ['@heddle/source'] : [],
      packages: [
        { name: 'lmdb', from: kafka },
        { name: '@node-rs/crc32', from: kafka, optional: true },
        { name: '@platformatic/wasm-utils', from: kafka },
        { name: '@platformatic/dynamic-buffer', from: kafka },
      ],
    }),
  })
}

export { pipe }
