// A process that pushes subscriptions on an embedded log; says so when it does. Arguments: the folder of the log.

import { createDelivery } from '@heddle/delivery'
import { openEmbeddedLog } from '@heddle/log/embedded'

const log = await openEmbeddedLog({ path: process.argv[2]! })
createDelivery({ log, push: { allow: ['127.0.0.1'] } })
process.stdout.write('pushing')
