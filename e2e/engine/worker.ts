/**
 * Runs two topologies on the log in a folder, until it is killed: `counted` exactly once, with state and a window of event
 * time, and `copied` at least once. Says `ready` when they run.
 */
import { type Bolt, type State, fromTopic, toTopic, topic, topology, tumbling } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openEmbeddedLog } from '@heddle/log/embedded'

interface Number {
  readonly key: string
  readonly n: number
}

const { path } = JSON.parse(process.argv[2]!) as { path: string }
const log = await openEmbeddedLog({ path })
const engine = localEngine({ log })

/** How many of each key there were before: an element counted twice, or not at all, would be seen. */
const count: { create: () => Bolt<{ key: string; value: Number }, { value: unknown }> } = {
  create: () => {
    let state: State
    return {
      open: (context) => void ({ state } = context),
      async execute({ values: { value } }, out) {
        // Some take longer, so that kills find some under way.
        if (value.n % 5 === 0) await new Promise(setImmediate)
        const before = state.get<number>(value.key) ?? 0
        state.put(value.key, before + 1)
        out.emit({ value: { ...value, before } })
      },
    }
  },
}
const counted = topology.graph('counted', { guarantee: 'exactly-once', commitInterval: '10ms' })
const numbers = counted.spout(
  'numbers',
  fromTopic<Number, { key: string; value: Number }>('numbers', (e) => ({ key: e.data.key, value: e.data })),
  { fields: ['key', 'value'] },
)
const counts = counted.bolt('count', count, { fields: ['value'], parallelism: 3 }).fields(numbers, 'key')
counted.bolt('out', toTopic(topic('counted', { partitions: 1 }))).shuffle(counts)
await engine.submit(counted)

await engine.submit(
  topology('windows', { guarantee: 'exactly-once', commitInterval: '10ms' })
    .from(topic<Number>('numbers'))
    .keyBy((e) => e.data.key)
    .window(tumbling('1s'))
    .count()
    .to(topic('windows', { partitions: 1 })),
)
await engine.submit(
  topology('copied', { commitInterval: '10ms' })
    .from(topic<Number>('numbers'))
    .enrich((e) => new Promise<Number>((resolve) => setImmediate(resolve, e.data)), { concurrency: 8 })
    .to(topic('copied', { partitions: 1 })),
)
process.stdout.write('["ready"]\n')
