import { randomUUID } from 'node:crypto'
import { type Consumer, type Delivery, type Log, event, toRecord } from '@heddle/core'
import { createDelivery, openDeadLetters } from '@heddle/delivery'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestKafka, openTestLog, startTestKafka } from '../kafka/test-kafka.ts'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await startTestKafka()
}, 120_000)
afterAll(() => kafka.stop())

const retry = { attempts: 3, initialMs: 10, factor: 1, maxMs: 10, jitter: 0 }

/** Events of five keys; their data tell the order. */
async function publish(log: Log, topic: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) =>
    toRecord(event({ id: `${n}`, source: '/e2e', type: 'n', partitionkey: `${n % 5}`, data: n })),
  )
  await log.append(topic, events)
}

test('consumers of two processes share a subscription; one goes, the other has all that is left', async () => {
  const topic = `orders-${randomUUID()}`
  const name = `mails-${randomUUID()}`
  const opened = await openTestLog({ brokers: kafka.brokers })
  const logs = [opened.log, await opened.elsewhere()] as const
  const [first, second] = logs.map((log) => createDelivery({ log })) as [Delivery, Delivery]
  try {
    await opened.log.createTopic({ name: topic, partitions: 4 })
    await first.create(name, { topics: [topic], retry })
    // What one process makes and changes, the other sees.
    await second.alter(name, { filter: 'event.data != 7' })
    expect(await first.describe(name)).toMatchObject({ filter: 'event.data != 7', version: 2 })

    const acked: string[] = []
    const last = new Map<string, number>()
    /** Takes and acks, in order by key, until `enough`. */
    const work = async (consumer: Consumer, enough: () => boolean): Promise<void> => {
      while (!enough()) {
        const given = await consumer.receive({ max: 5, waitMs: 500 })
        for (const one of given) {
          const { id, partitionkey, data } = one.event
          const lost = await consumer.settle([{ lease: one.lease, as: 'ack' }])
          if (lost.length > 0) continue
          acked.push(id)
          expect(data as number).toBeGreaterThan(last.get(partitionkey!) ?? -1)
          last.set(partitionkey!, data as number)
        }
      }
    }
    const consumers = [await first.consumer(name), await second.consumer(name)] as const
    await publish(opened.log, topic, 200)
    let working = true
    const busy = work(consumers[0], () => !working)
    await work(consumers[1], () => acked.length >= 60)
    await consumers[1].close({ clean: true })
    await second.close()
    await expect.poll(() => new Set(acked).size, { timeout: 60_000 }).toBe(199)
    working = false
    await busy
    expect(acked).toHaveLength(199)
    expect(await first.describe(name)).toMatchObject({ backlog: 0 })

    // What is given up is a dead letter, in one transaction with its offset; and comes back once.
    await opened.log.append(topic, [toRecord(event({ id: 'bad', source: '/e2e', type: 'n', data: 1_000 }))])
    for (let attempt = 1; attempt <= 3; attempt++) {
      const [bad] = await consumers[0].receive({ waitMs: 30_000 })
      expect(bad).toMatchObject({ attempt, event: { id: 'bad' } })
      await consumers[0].settle([{ lease: bad!.lease, as: 'nack', reason: 'no' }])
    }
    const letters = `${name}.dead-letters`
    await expect
      .poll(async () => (await opened.log.describeTopic(letters)) !== undefined, { timeout: 30_000 })
      .toBe(true)
    const desk = openDeadLetters({ log: opened.log })
    await expect.poll(async () => (await desk.list(letters, {})).letters.length, { timeout: 30_000 }).toBe(1)
    expect(await desk.redrive(letters, { by: 'e2e' })).toMatchObject({ sent: { [topic]: 1 } })
    expect(await openDeadLetters({ log: logs[1] }).redrive(letters, { by: 'e2e' })).toMatchObject({
      sent: {},
    })
    const [again] = await consumers[0].receive({ waitMs: 30_000 })
    expect(again).toMatchObject({ attempt: 1, event: { id: 'bad', extensions: {} } })
    await consumers[0].settle([{ lease: again!.lease, as: 'ack' }])
    await consumers[0].close()
  } finally {
    await Promise.all([first.close(), second.close()])
    await logs[1].close()
    await opened.close()
  }
}, 180_000)

test('a lease that one process gave is settled through another', async () => {
  const topic = `orders-${randomUUID()}`
  const name = `mails-${randomUUID()}`
  const opened = await openTestLog({ brokers: kafka.brokers })
  const logs = [opened.log, await opened.elsewhere()] as const
  const [first, second] = logs.map((log) => createDelivery({ log, forwardMs: 120_000 })) as [
    Delivery,
    Delivery,
  ]
  try {
    await opened.log.createTopic({ name: topic, partitions: 1 })
    await first.create(name, { topics: [topic], leaseMs: 600_000 })
    await publish(opened.log, topic, 2)
    const given = [...(await first.pull(name, { waitMs: 60_000 }))]
    while (given.length < 2) given.push(...(await first.pull(name, { waitMs: 60_000 })))
    expect(await second.settle(name, [{ lease: given[0]!.lease, as: 'ack' }])).toEqual([])
    expect(await first.settle(name, [{ lease: given[0]!.lease, as: 'ack' }])).toEqual([given[0]!.lease])
    expect(await second.settle(name, [{ lease: given[1]!.lease, as: 'ack' }])).toEqual([])
    expect(await second.describe(name)).toMatchObject({ backlog: 0 })
  } finally {
    await Promise.all([first.close(), second.close()])
    await logs[1].close()
    await opened.close()
  }
}, 240_000)
