// A gateway on an embedded log, in a process of its own. Arguments: the folder. Prints its port when it listens.
import { createHttpGateway } from '@heddle/gateway/http'
import { openEmbeddedLog } from '@heddle/log/embedded'

const log = await openEmbeddedLog({ path: process.argv[2]! })
await log.createTopic({ name: 'orders' })
const gateway = createHttpGateway({ log })
const { url } = await gateway.listen({ port: 0 })
console.log(new URL(url).port)
process.on('SIGTERM', () => void gateway.close().then(() => log.close()))
