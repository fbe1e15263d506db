import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HeddleError, type Topology } from '@heddle/core'
import type { BundleSource } from '@heddle/engine/storm'
import { placeOf } from '../load-topologies.ts'

/**
 * How the bundle of a topology is made: from its file, again, and the house around it.
 * @throws HEDDLE_ENGINE_UNSUPPORTED for a topology in YAML.
 */
export function stormBundle(topology: Topology): BundleSource | undefined {
  const place = placeOf(topology)
  if (!place) return undefined
  if (/\.ya?ml$/.test(place.path))
    throw new HeddleError(
      'HEDDLE_ENGINE_UNSUPPORTED',
      `'${topology.name}' is YAML; on Storm a topology is a module`,
    )
  const here = import.meta.url
  const extension = here.endsWith('.ts') ? 'ts' : 'js'
  const serve = fileURLToPath(new URL(`./serve-on-storm.${extension}`, here))
  const kafka = fileURLToPath(import.meta.resolve('@heddle/log/kafka'))
  const client = createRequire(kafka).resolve('@platformatic/kafka')
  return {
    entry: `import { serveOnStorm } from ${JSON.stringify(serve)}
await serveOnStorm(() => import(${JSON.stringify(place.path)}))`,
    resolveFrom: dirname(place.path),
    threads: [join(dirname(kafka), 'store', `bulk-load-thread.${extension}`)],
    conditions: extension === 'ts' ? ['@heddle/source'] : [],
    packages: [
      { name: 'lmdb', from: kafka },
      // Checksums: in native code where that is installed, else in WebAssembly.
      { name: '@node-rs/crc32', from: client, optional: true },
      { name: '@platformatic/wasm-utils', from: client },
      // There has to be one of it, since it knows its own by a symbol.
      { name: '@platformatic/dynamic-buffer', from: client },
    ],
  }
}
