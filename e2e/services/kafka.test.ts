import { existsSync } from 'node:fs'
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { beforeAll, describe, expect, test } from 'vitest'
import { jars } from '../../tools/services/jars.ts'
import { startKafka } from '../../tools/services/kafka/kafka.ts'
import { liveBrokers } from '../../tools/services/kafka/metadata.ts'
import { groupLives } from '../../tools/services/process-group.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'

const firstPort = (bootstrap: string): number => Number(/:(\d+)/.exec(bootstrap)?.[1])

/** One client's view of a cluster: makes a topic, writes to it and reads it from its beginning. */
function client(bootstrap: string, sasl?: { mechanism: 'PLAIN'; username: string; password: string }) {
  const options = {
    clientId: 'e2e',
    bootstrapBrokers: bootstrap.split(','),
    ...(sasl && { sasl }),
    retries: 200,
    retryDelay: 100,
  }
  return {
    async create(topic: string, partitions: number, replicas: number): Promise<void> {
      const admin = new Admin(options)
      await admin.createTopics({ topics: [topic], partitions, replicas })
      await admin.close()
    },
    /** Asked once. */
    async topics(): Promise<string[]> {
      const admin = new Admin({ ...options, retries: 0 })
      try {
        return await admin.listTopics()
      } finally {
        await admin.close()
      }
    },
    async send(topic: string, values: readonly string[]): Promise<void> {
      const producer = new Producer({
        ...options,
        serializers: stringSerializers,
        retries: 40,
        retryDelay: 250,
      })
      await producer.send({ acks: -1, messages: values.map((value) => ({ topic, key: value, value })) })
      await producer.close()
    },
    async read(topic: string, count: number): Promise<string[]> {
      const consumer = new Consumer({
        ...options,
        groupId: `read-${topic}`,
        deserializers: stringDeserializers,
      })
      const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
      // Each once: a producer that tries again may have written it before.
      const values = new Set<string>()
      for await (const message of stream) {
        values.add(message.value)
        if (values.size === count) break
      }
      await consumer.close(true)
      return [...values].sort()
    },
  }
}

const numbered = (prefix: string): string[] => Array.from({ length: 10 }, (_, n) => `${prefix}-${n}`)

describe.runIf(servicesAvailable('kafka'))('Kafka', () => {
  // Fetched here where they are not yet: it can take minutes.
  beforeAll(() => jars('kafka'), 600_000)

  test('one broker takes a record and gives it back, through a listener of its own too', async () => {
    const kafka = await startKafka({
      listeners: { SECURE: 'SASL_PLAINTEXT' },
      properties: {
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secure.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_ada="lovelace";',
      },
    })
    const plain = client(kafka.bootstrap)
    await plain.create('orders', 1, 1)
    await plain.send('orders', ['one'])
    const login = { mechanism: 'PLAIN', username: 'ada', password: 'lovelace' } as const
    const secure = kafka.listeners['SECURE']!
    expect(await client(secure, login).topics()).toContain('orders')
    expect(await client(secure, login).read('orders', 1)).toEqual(['one'])
    const stranger = client(secure, { ...login, password: 'byron' })
    await expect(stranger.topics()).rejects.toThrow('Listing topics failed')

    const port = firstPort(kafka.bootstrap)
    kafka.pause(1)
    await expect(liveBrokers(port)).rejects.toThrow('no answer')
    kafka.resume(1)
    expect(await liveBrokers(port)).toEqual([1])

    const broker = kafka.pid(1)
    await kafka.stop()
    expect(groupLives(broker)).toBe(false)
    expect(existsSync(kafka.data)).toBe(false)
    expect(existsSync(kafka.logs)).toBe(true)
    await expect(liveBrokers(port)).rejects.toThrow('ECONNREFUSED')
  })

  test('of three brokers one is killed and comes back, and no record is lost', async () => {
    await using kafka = await startKafka({ brokers: 3 })
    const cluster = client(kafka.bootstrap)
    const killed = kafka.pid(2)
    await cluster.create('orders', 3, 3)
    await cluster.send('orders', numbered('before'))

    await kafka.kill(2)
    await cluster.send('orders', numbered('without'))
    await kafka.restart(2)
    expect(kafka.pid(2)).not.toBe(killed)
    expect(await liveBrokers(firstPort(kafka.bootstrap))).toEqual([1, 2, 3])

    await cluster.send('orders', numbered('after'))
    const all = [...numbered('before'), ...numbered('without'), ...numbered('after')].sort()
    expect(await cluster.read('orders', 30)).toEqual(all)
    // Three JVMs and a fail-over: 25 s on idle cores, and a minute and a half was seen on busy ones.
  }, 240_000)

  test('what does not boot shows the end of its log, and leaves nothing behind', async () => {
    const started = startKafka({ properties: { 'process.roles': 'bystander' } })
    await expect(started).rejects.toThrow(
      /format-1 failed \(exit code 1\)[^]*bystander[^]*\(log: .*format-1\.log\)/,
    )
  })
})
