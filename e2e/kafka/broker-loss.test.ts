import { describe, expect, test } from 'vitest'
import { startKafka } from '../../tools/services/kafka/kafka.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { KafkaFabric } from './fabric.ts'
import { KeyedTraffic } from './keyed-traffic.ts'
import { recount } from './recount.ts'
import { quick } from './test-kafka.ts'

const keys = 24
/** Between two events of a key, in ms: some hundred events a second, since all of them are counted in the end. */
const pauseMs = 30
const hosts = 2

describe.runIf(servicesAvailable('kafka'))('a Kafka of three brokers', () => {
  test('loses one under traffic, gets it back and loses another: nothing is lost, nothing is done twice', async () => {
    await using kafka = await startKafka({ brokers: 3, properties: { ...quick, 'min.insync.replicas': 2 } })
    const brokers = kafka.bootstrap.split(',')
    const fabric = new KafkaFabric(brokers)
    const started = await fabric.start(hosts)
    const traffic = new KeyedTraffic(
      started.map(({ url }) => url),
      fabric.input,
      keys,
      pauseMs,
    )
    await traffic.more(200)
    await kafka.kill(2)
    await traffic.more(200)
    await kafka.restart(2)
    await kafka.kill(1)
    await traffic.more(200)
    await traffic.stop()
    expect(traffic.total).toBeGreaterThan(600)
    await recount(brokers, fabric, traffic)
    for (const host of started) expect(await host.stop()).toBe(0)
  }, 300_000)
})
