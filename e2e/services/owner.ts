// Starts a broker, says where it is, and waits to be killed. It ends when the test does.

import { startActiveMq } from '../../tools/services/activemq/activemq.ts'

const activemq = await startActiveMq()
console.log(JSON.stringify({ address: activemq.stomp, broker: activemq.pid(), data: activemq.data }))
process.stdin.on('end', () => process.exit()).resume()
