// A process of ours that runs the routing. Arguments: brokers, folder of state, the routing as JSON. Says 'ready' when it runs.
import { localEngine } from '@heddle/engine/local'
import { openKafkaLog } from '@heddle/log/kafka'
import { type Routing, routes } from './routes.ts'

const [brokers, statePath, routing] = process.argv.slice(2) as [string, string, string]
const log = await openKafkaLog({ brokers: brokers.split(','), statePath })
const engine = localEngine({ log })
// It ends with the bench, however that ends.
process.on('disconnect', () => process.exit(0))
await engine.submit(routes(JSON.parse(routing) as Routing))
process.send?.('ready')
