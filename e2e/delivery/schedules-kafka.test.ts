import { randomUUID } from 'node:crypto'
import { type Log, type Schedules, event, fromRecord, toRecord } from '@heddle/core'
import { createSchedules } from '@heddle/delivery'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, openTestLog, startTestKafka } from '../kafka/test-kafka.ts'

const record = (id: string) => toRecord(event({ id, type: 'test', source: '/e2e', data: { id } }))

/** Ids of events of a topic, once there are so many that are wanted. */
async function sent(log: Log, topic: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let offset = 0; ids.length < count;) {
    const [fetched] = await log.read([{ topic, partition: 0, offset }], { waitMs: 10_000 })
    for (const one of fetched?.records ?? []) ids.push(fromRecord(one, { topic, partition: 0 }).id)
    offset = fetched?.nextOffset ?? offset
  }
  return ids
}

describe.runIf(servicesAvailable('kafka'))('schedules on Kafka', () => {
  let kafka: TestKafka

  beforeAll(async () => {
    kafka = await startTestKafka()
  }, 240_000)
  afterAll(() => kafka.stop())

  test('two processes keep them; what one accepts the other shows, moves and cancels; one goes, the other goes on', async () => {
    const topic = `out-${randomUUID()}`
    const opened = await openTestLog({ brokers: kafka.brokers })
    const logs = [opened.log, await opened.elsewhere()] as const
    const [first, second] = logs.map((log) => createSchedules({ log, lookMs: 200, answerMs: 120_000 })) as [
      Schedules,
      Schedules,
    ]
    try {
      await opened.log.createTopic({ name: topic, partitions: 1 })
      const hour = 3_600_000
      const names = Array.from({ length: 20 }, (_, at) => `${at}`)
      const added = await first.add(
        names.map((name) => ({ topic, record: record(name), timing: { afterMs: hour } })),
        { once: true },
      )
      const again = await first.add([{ topic, record: record('0'), timing: { afterMs: hour } }], {
        once: true,
      })
      expect(again).toEqual([{ id: added[0]!.id, at: expect.any(Number), duplicate: true }])

      const page = await second.list({ topic, limit: 15 })
      const rest = await second.list({ topic, after: page.next! })
      const listed = [...page.schedules, ...rest.schedules]
      expect(listed.map(({ event: { id } }) => Number(id)).sort((a, b) => a - b)).toEqual(names.map(Number))
      expect((await second.show(added[3]!.id)).event.id).toBe('3')

      await second.cancel(added[5]!.id)
      await expect(first.cancel(added[5]!.id)).rejects.toMatchObject({ code: 'HEDDLE_SCHEDULE_UNKNOWN' })
      for (const at of [7, 8]) await second.move(added[at]!.id, { at: 0 })
      expect((await sent(opened.log, topic, 2)).sort()).toEqual(['7', '8'])

      // Its share is the other's then, with all that is in it.
      await first.close()
      for (const { id } of (await second.list({ topic })).schedules) await second.move(id, { at: 0 })
      const all = await sent(opened.log, topic, 19)
      expect(all.sort((a, b) => Number(a) - Number(b))).toEqual(names.filter((name) => name !== '5'))
      expect((await second.list({ topic })).schedules).toEqual([])
    } finally {
      await Promise.all([first.close(), second.close()])
      await logs[1].close()
      await opened.close()
    }
  }, 300_000)
})
