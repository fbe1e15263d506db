/** The entry of threads in tests. */
import { localEngine } from '../local/index.ts'
import { serveTopology } from './serve-topology.ts'
import { topologies, versions } from './topologies.fixture.ts'

await serveTopology(async (place, log) => ({
  engine: localEngine({ log }),
  topology: (topologies[place as string] ?? versions[place as string])!,
}))
