// Writes state until its disk is full, and goes on when it is told that there is room. Arguments: brokers, folder of the copies, name of the
// store.
import { once } from 'node:events'
import { isHeddleError } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'

const [brokers, statePath, name] = process.argv.slice(2) as [string, string, string]
const log = await openKafkaLog({ brokers: brokers.split(','), statePath })
const codeOf = (error: unknown): string => (isHeddleError(error) ? error.code : String(error))
let acknowledged = 0
const write = async (): Promise<void> => {
  const transactor = await log.transactor(name)
  const store = await log.store(name)
  for (const until = acknowledged + 200; acknowledged < until; acknowledged++) {
    const transaction = transactor.begin()
    transaction.put(store, `key-${acknowledged}`, Buffer.alloc(20_000, 1))
    await transaction.commit()
  }
  await transactor.close()
}
const full = await write().then(() => 'none', codeOf)
// What was committed, and could not be kept here, is not to be read as if it were not there.
const again = await log.store(name).then(() => 'none', codeOf)
process.send?.({ full, again, acknowledged })
await once(process, 'message')
const there = (await log.store(name)).size()
await write()
process.send?.({ there, acknowledged, size: (await log.store(name)).size() })
await log.close()
process.disconnect()
