import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { KafkaFabric } from './fabric.ts'
import { KeyedTraffic } from './keyed-traffic.ts'
import { recount } from './recount.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

const kills = 4
const keys = 24
/** Between two events of a key, in ms: some hundred events a second, since all of them are counted in the end. */
const pauseMs = 30
/** Longer than the session of a worker, in ms, so that it is given up. */
const beyondSessionMs = 12_000
/** How long a test may take, in ms: some 25 s on a machine of its own, and many times that on a busy one. */
const testMs = 300_000
/** How many workers come and go in the storm, one a second. */
const comings = 8

const urlsOf = (hosts: readonly { readonly url: string }[]): string[] => hosts.map(({ url }) => url)

describe.runIf(servicesAvailable('kafka'))('workers on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  }, 120_000)
  afterAll(() => kafka?.stop())

  test(
    `killed ${kills} times in turn under traffic: nothing is lost, nothing is done twice`,
    async () => {
      const fabric = new KafkaFabric(kafka.brokers)
      const hosts = await fabric.start(3)
      const traffic = new KeyedTraffic(urlsOf(hosts), fabric.input, keys, pauseMs)
      for (let kill = 0; kill < kills; kill++) {
        await traffic.more(200)
        const host = hosts[kill % hosts.length]!
        await host.kill()
        // The others go on meanwhile, and while it starts: the next is killed whether it is there again or not.
        await traffic.more(100)
        await host.start({ waits: true })
      }
      await traffic.stop()
      expect(traffic.total).toBeGreaterThan(kills * 300)
      await recount(kafka.brokers, fabric, traffic)
    },
    testMs,
  )

  test(
    'one that stood still beyond its session comes back as a zombie: what it had begun is done by others, once',
    async () => {
      const fabric = new KafkaFabric(kafka.brokers)
      const [first, second] = await fabric.start(2)
      // Published through the one that goes on, so that the other stands still in the middle of its work.
      const traffic = new KeyedTraffic([second!.url], fabric.input, keys, pauseMs)
      await traffic.more(300)
      first!.pause()
      await sleep(beyondSessionMs)
      first!.resume()
      await traffic.more(300)
      await traffic.stop()
      await recount(kafka.brokers, fabric, traffic)
      expect(await first!.stop()).toBe(0)
    },
    testMs,
  )

  test(
    `${comings} workers that join and leave, one a second: nothing is lost, nothing is done twice`,
    async () => {
      const fabric = new KafkaFabric(kafka.brokers)
      const [stays] = await fabric.start(1)
      const traffic = new KeyedTraffic([stays!.url], fabric.input, keys, pauseMs)
      const leaving: Promise<unknown>[] = []
      for (let coming = 0; coming < comings; coming++) {
        const host = await fabric.make()
        const joined = host.start().then(async () => {
          await traffic.more(50)
          // By turns as an operator would, and as a power cut would.
          return coming % 2 === 0 ? host.stop() : host.kill()
        })
        leaving.push(joined)
        await sleep(1_000)
      }
      await Promise.all(leaving)
      await traffic.stop()
      expect(traffic.total).toBeGreaterThan(comings * 50)
      await recount(kafka.brokers, fabric, traffic)
    },
    testMs,
  )
})
