/**
 * What each thread of a topology runs: loads the topology's file again, and runs it on the log of the host.
 *
 * @module
 */
import { localEngine } from '@heddle/engine/local'
import { serveTopology } from '@heddle/engine/threads'
import { ownConnectors } from './connectors.ts'
import { loadTopologyFile } from './load-topologies.ts'
import type { ThreadPlace } from './open-engine.ts'

await serveTopology(async (place, log, index) => {
  const { path, name, keyPartitions, instance, standby } = place as ThreadPlace
  const { topologies } = await loadTopologyFile(path)
  const topology = topologies.find((each) => each.name === name)
  if (!topology) throw new TypeError(`${path} has no topology '${name}' any more`)
  const engine = localEngine({
    log,
    connectors: ownConnectors,
    keyPartitions,
    // Each of them is a member of the topology's groups.
    instance: index === 0 ? instance : `${instance}.thread-${index + 1}`,
    standby,
  })
  return { engine, topology }
})
