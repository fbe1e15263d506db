// A process of ours that runs a topology of this bench. Arguments: brokers, folder of state, name of the topology's maker in
// topologies.ts, what that takes as JSON. Says 'ready' when it runs.
import { localEngine } from '@heddle/engine/local'
import { openKafkaLog } from '@heddle/log/kafka'
import { type MakerName, makers } from './topologies.ts'

const [brokers, statePath, maker, options] = process.argv.slice(2) as [string, string, MakerName, string]
// It ends with the bench, however that ends.
process.on('disconnect', () => process.exit(0))
const log = await openKafkaLog({ brokers: brokers.split(','), statePath })
const engine = localEngine({ log })
const make = makers[maker] as (options: unknown) => Parameters<typeof engine.submit>[0]
await engine.submit(make(JSON.parse(options)))
process.send?.('ready')
