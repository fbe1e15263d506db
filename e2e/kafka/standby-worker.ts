// A process of the standby test: counts by key, exactly once, and keeps copies of what others count. Tells which copies it has when it is
// asked, and each time that it has read state that it needs. Arguments: brokers, name of the topology, input, output, folder, instance.
import { subscribe } from 'node:diagnostics_channel'
import { systemClock, sleep, topic, topology } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { type RestoreMessage, openKafkaLog } from '@heddle/log/kafka'

const [brokers, name, input, output, statePath, instance] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const keyPartitions = 4
subscribe('heddle:log:kafka:restore', (message) => {
  const { store, state, standby, records } = message as RestoreMessage
  if (state === 'done' && !standby) process.send?.({ restored: store, records })
})
const log = await openKafkaLog({ brokers: brokers.split(','), statePath, transactionTimeoutMs: 5_000 })
const engine = localEngine({ log, instance, keyPartitions, standby: 2, standbyLookMs: 200 })
await engine.submit(
  topology(name, { guarantee: 'exactly-once' })
    .from(topic<{ key: string }>(input))
    .keyBy((event) => event.data.key)
    .fold(
      () => 0,
      (count) => count + 1,
    )
    .to(topic(output)),
)
process.send?.({ ready: true })
process.on('disconnect', () => process.exit(0))
for (;;) {
  const { standby = [] } = await engine.describe(name)
  process.send?.({ standby })
  await sleep(systemClock, 100)
}
