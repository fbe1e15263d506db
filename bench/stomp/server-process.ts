// The STOMP door on an embedded log, in a process of its own. Arguments: the folder. Prints its port when it listens, and what
// memory it holds in MB, without pages of the log's file, for each line that it reads.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createDelivery } from '@heddle/delivery'
import { createStompServer } from '@heddle/gateway/stomp'
import { openEmbeddedLog } from '@heddle/log/embedded'

const log = await openEmbeddedLog({ path: process.argv[2]! })
const delivery = createDelivery({ log, instance: 'bench' })
const server = createStompServer({
  log,
  delivery,
  instance: 'bench',
  limits: { connectTimeoutMs: 60_000, maxConnections: 20_000 },
})
const { port } = await server.listen({ port: 0 })
console.log(port)

createInterface(process.stdin).on('line', () => {
  globalThis.gc?.()
  const kilobytes = /^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  console.log(Number(kilobytes) / 1024)
})
