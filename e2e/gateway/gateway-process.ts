// A gateway on an embedded log, to be killed. Arguments: the folder, the port. Prints a line when it listens.
import { createHttpGateway } from '@heddle/gateway/http'
import { openEmbeddedLog } from '@heddle/log/embedded'

const [path, port] = process.argv.slice(2)
const log = await openEmbeddedLog({ path: path! })
await log.createTopic({ name: 'orders', partitions: 3 })
const gateway = createHttpGateway({ log, limits: { sseRetryMs: 1 } })
await gateway.listen({ port: Number(port) })
console.log('ready')
