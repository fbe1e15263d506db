// The STOMP door with schedules on an embedded log, in a process of its own. Arguments: the folder. Prints its port when it listens.
import { createDelivery, createSchedules } from '@heddle/delivery'
import { createStompServer } from '@heddle/gateway/stomp'
import { openEmbeddedLog } from '@heddle/log/embedded'

const log = await openEmbeddedLog({ path: process.argv[2]! })
const server = createStompServer({
  log,
  delivery: createDelivery({ log, instance: 'bench' }),
  schedules: createSchedules({ log }),
  instance: 'bench',
})
const { port } = await server.listen({ port: 0 })
console.log(port)
