/**
 * What each thread of a topology runs: loads the topology's file again, and runs it on the log of the host.
 *
 * @module
 */
import { localEngine } from '@heddle/engine/local'
import { serveTopology } from '@heddle/engine/threads'
import { ownConnectors } from './connectors.ts'
import { type TopologyPlace, loadTopologyFile } from './load-topologies.ts'

await serveTopology(async (place, log) => {
  const { path, name } = place as TopologyPlace
  const { topologies } = await loadTopologyFile(path)
  const topology = topologies.find((each) => each.name === name)
  if (!topology) throw new TypeError(`${path} has no topology '${name}' any more`)
  return { engine: localEngine({ log, connectors: ownConnectors }), topology }
})
