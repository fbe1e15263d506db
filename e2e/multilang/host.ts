/** A host that is killed: runs the program, and prints its process id and that of what it has started. */
import { event, fromRecord, fromTopic, shell, toRecord, toTopic, topology } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openMemoryLog } from '@heddle/log/memory'

const log = await openMemoryLog()
await log.createTopic({ name: 'in', partitions: 1 })
await log.createTopic({ name: 'out', partitions: 1 })
await log.append('in', [toRecord(event({ type: 'test', data: process.argv[3] ?? '' }))])

const t = topology.graph('t')
const words = t.spout('words', fromTopic('in'), { fields: ['word'] })
const shout = t
  .bolt('shout', shell(process.execPath, [process.argv[2]!]), { fields: ['word'] })
  .shuffle(words)
t.bolt('out', toTopic('out')).shuffle(shout)
await localEngine({ log }).submit(t)

for (;;) {
  const [part] = await log.read([{ topic: 'out', partition: 0, offset: 0 }], { waitMs: 1000 })
  if (!part) continue
  console.log((fromRecord(part.records[0]!, part).data as { word: string }).word)
  break
}
setInterval(() => {}, 1000)
