import { openKafkaLog } from '@heddle/log/kafka'
import { describe, expect, it } from 'vitest'
import { type Kafka, startKafka } from '../../tools/services/kafka/kafka.ts'
import { freePorts } from '../../tools/services/ports.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'

describe('brokers that are not there', () => {
  it('make opening fail with an error that says to try again', async () => {
    const [port] = await freePorts(1)
    await expect(
      openKafkaLog({ brokers: [`127.0.0.1:${port}`], deliveryTimeoutMs: 300 }),
    ).rejects.toMatchObject({ code: 'HEDDLE_LOG_UNAVAILABLE', kind: 'retryable' })
  })
})

describe.runIf(servicesAvailable('kafka'))('one of three brokers', () => {
  it('may be killed under traffic: all that was acknowledged is there once, in order', async () => {
    await using kafka: Kafka = await startKafka({ brokers: 3 })
    const log = await openKafkaLog({ brokers: kafka.bootstrap.split(','), deliveryTimeoutMs: 60_000 })
    try {
      await log.createTopic({ name: 'traffic', partitions: 3 })
      const transactor = await log.transactor('writer')
      await log.createTopic({ name: 'transactions', partitions: 3 })
      const stop = new AbortController()
      /** Told of each acknowledgement. */
      let heard: () => void = () => {}
      const acknowledged: string[][] = [[], [], []]
      const committed: string[] = []
      const appending = [0, 1, 2].map(async (partition) => {
        for (let i = 0; !stop.signal.aborted; i++) {
          await log.append('traffic', [{ partition, value: String(i) }])
          acknowledged[partition]!.push(String(i))
          heard()
        }
      })
      const committing = (async () => {
        for (let i = 0; !stop.signal.aborted; i++) {
          const transaction = transactor.begin()
          for (const partition of [0, 1, 2])
            transaction.append('transactions', [{ partition, value: String(i) }])
          await transaction.commit()
          committed.push(String(i))
          heard()
        }
      })()
      const until = async (more: number): Promise<void> => {
        const wanted = Math.min(...acknowledged.map(({ length }) => length)) + more
        const transactions = committed.length + 5
        while (acknowledged.some(({ length }) => length < wanted) || committed.length < transactions)
          await new Promise<void>((resolve) => (heard = resolve))
      }
      await until(50)
      await kafka.kill(2)
      await until(50)
      await kafka.restart(2)
      await kafka.kill(1)
      await until(50)
      stop.abort()
      await Promise.all([...appending, committing])

      for (const [topic, wanted] of [
        ['traffic', acknowledged],
        ['transactions', [committed, committed, committed]],
      ] as const) {
        for (const [partition, values] of wanted.entries()) {
          const read: string[] = []
          const { latest } = (await log.partitions(topic))[partition]!
          for (let offset = 0; offset < latest;) {
            const [fetched] = await log.read([{ topic, partition, offset }], { waitMs: 10_000 })
            if (fetched === undefined) continue
            read.push(...fetched.records.map(({ value }) => Buffer.from(value!).toString()))
            offset = fetched.nextOffset
          }
          expect(read).toEqual(values)
        }
      }
    } finally {
      await log.close()
    }
  })
})
