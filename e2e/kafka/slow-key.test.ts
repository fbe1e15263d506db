import { once } from 'node:events'
import { type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CommittedOffset, type Log, event, toRecord } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { KafkaFabric } from './fabric.ts'
import { readAll } from './recount.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

const fastKeys = 10
const eventsOfKey = 30
const slowEvents = 3

/** What the topology calls for each event: it is slow for one key. */
class Service {
  /** Calls that were begun, by event. */
  readonly calls = new Map<string, number>()
  readonly #server = createServer((request, response) => this.#take(request.url!.slice(1), response))
  #held: ServerResponse[] = []
  #holds = true

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Answers what it has held back, and holds back no more. */
  release(): void {
    this.#holds = false
    for (const response of this.#held.splice(0)) response.end()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #take(name: string, response: ServerResponse): void {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1)
    if (this.#holds && name.startsWith('slow')) this.#held.push(response)
    else response.end()
  }
}

describe.runIf(servicesAvailable('kafka'))('a slow key on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  }, 120_000)
  afterAll(() => kafka?.stop())

  test('holds up only itself; what is done behind it is committed, and not done again after a kill', async () => {
    const service = new Service()
    const url = await service.listen()
    onTestFinished(() => service.close())
    const fabric = new KafkaFabric(
      kafka.brokers,
      ({ copy, input, copied }) => `import { topic, topology } from 'heddle'
export default topology('${copy}', { guarantee: 'at-least-once', messageTimeout: '1h' })
  .from(topic<{ key: string; i: number }>('${input}', { partitions: 1 }))
  .enrich(async ({ data }) => {
    await fetch(\`${url}/\${data.key}-\${data.i}\`).then((response) => response.text())
    return data
  }, { concurrency: 16 })
  .to(topic('${copied}'), { key: (data) => data.key })
`,
    )
    const [host] = await fabric.start(1)
    const log = await openKafkaLog({ brokers: kafka.brokers })
    onTestFinished(() => log.close())
    // The slow key comes first, so that all else is behind it in its only partition.
    const slow = Array.from({ length: slowEvents }, (_, i) => ({ key: 'slow', i }))
    const fast = Array.from({ length: eventsOfKey }, (_, i) =>
      Array.from({ length: fastKeys }, (__, key) => ({ key: `fast-${key}`, i })),
    ).flat()
    const published = [...slow, ...fast]
    await log.append(
      fabric.input,
      published.map((data) => toRecord(event({ type: 'n', source: '/test', partitionkey: data.key, data }))),
    )

    expect((await readAll(log, fabric.copied, fast.length)).length).toBe(fast.length)
    // One of the key at a time: the others wait behind it.
    expect([...service.calls.keys()].filter((name) => name.startsWith('slow'))).toEqual(['slow-0'])
    await committed(log, fabric.copy, ({ offset, metadata }) => {
      // See unfinished.ts in the engine: how far all but the slow ones are done, and where they are.
      const [version, upto, ...distances] = (metadata ?? '').split(' ')
      return (
        offset === 0 &&
        version === 'h1' &&
        Number.parseInt(upto!, 36) === published.length &&
        distances.length === slowEvents - 1
      )
    })

    await host!.kill()
    await host!.start()
    const again = { key: 'fast-0', i: eventsOfKey }
    await log.append(fabric.input, [
      toRecord(event({ type: 'n', source: '/test', partitionkey: again.key, data: again })),
    ])
    await readAll(log, fabric.copied, fast.length + 1)
    service.release()
    const all = await readAll(log, fabric.copied, published.length + 1)
    expect(all.length).toBe(published.length + 1)
    // What was in flight was begun once more, and nothing else.
    expect(Object.fromEntries(service.calls)).toEqual({
      ...Object.fromEntries([...published, again].map(({ key, i }) => [`${key}-${i}`, 1])),
      'slow-0': 2,
    })
    await committed(log, fabric.copy, ({ offset }) => offset >= published.length + 1)
  }, 120_000)
})

/** Resolves when the group of a topology has committed what is wanted of its only partition. */
async function committed(
  log: Log,
  group: string,
  wanted: (offset: CommittedOffset) => boolean,
): Promise<void> {
  for (;;) {
    const groups = await log.listGroups()
    const found = groups.find((each) => each.group === group)?.offsets[0]
    if (found !== undefined && wanted(found)) return
  }
}
