// Restores a store, and tells how far it has come. Arguments: brokers, folder of the copies, name of the store.
import { openKafkaLog } from '@heddle/log/kafka'

const [brokers, statePath, name] = process.argv.slice(2) as [string, string, string]
const log = await openKafkaLog({ brokers: brokers.split(','), statePath, restoreBufferBytes: 2 ** 20 })
const store = await log.store(name, { progress: ({ done, total }) => process.send?.({ done, total }) })
process.send?.({ size: store.size() })
await log.close()
process.disconnect()
