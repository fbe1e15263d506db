// A gateway with subscriptions and schedules on an embedded log; says its address when it serves. Arguments: the folder of the log.

import { createDelivery, createSchedules } from '@heddle/delivery'
import { createHttpGateway } from '@heddle/gateway/http'
import { openEmbeddedLog } from '@heddle/log/embedded'

const log = await openEmbeddedLog({ path: process.argv[2]! })
const gateway = createHttpGateway({
  log,
  delivery: createDelivery({ log }),
  schedules: createSchedules({ log }),
})
const { url } = await gateway.listen({ port: 0 })
process.stdout.write(url)
