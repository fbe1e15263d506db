import { event, toRecord } from '@heddle/core'
import { serveComponent } from '@heddle/engine/storm/runtime'
import { openMemoryLog } from '@heddle/log/memory'
import { talk } from './talk.topology.ts'

await serveComponent({
  load: async () => [talk],
  async openLog() {
    const log = await openMemoryLog()
    await log.createTopic({ name: 'orders', partitions: 1 })
    await log.createTopic({ name: 'talk.dead-letters', partitions: 1 })
    const events = ['a', 'b', 'c'].map((data) => event({ type: 'order', source: '/talk', data }))
    await log.append('orders', events.map(toRecord))
    return log
  },
})
