import { type GroupMember, ManualClock, type TopicPartition } from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { expect, test } from 'vitest'
import { FirstElsewhere } from './first-elsewhere.ts'
import type { Inlet } from './ingest.ts'

const inlet = (topic: string, first: boolean): Inlet => ({
  topic,
  first,
  component: topic,
  stats: undefined as never,
  emit() {},
})

async function begun(): Promise<{
  readonly clock: ManualClock
  readonly member: GroupMember
  readonly waits: (own?: (place: TopicPartition) => boolean) => Promise<boolean>
  readonly close: () => Promise<void>
}> {
  const clock = new ManualClock()
  const log = await openMemoryLog()
  for (const name of ['rows', 'orders']) await log.createTopic({ name, partitions: 2 })
  await log.append('rows', [{ value: 'a', partition: 1 }])
  const assigned = Promise.withResolvers<void>()
  const member = await log.joinGroup({ group: 'g', topics: ['rows'], onAssigned: () => assigned.resolve() })
  await assigned.promise
  const elsewhere = new FirstElsewhere({ log, clock, spouts: [inlet('rows', true), inlet('orders', false)] })
  await elsewhere.begin(member)
  // Comes later, so that it is not waited for.
  await log.append('rows', [{ value: 'b', partition: 0 }])
  const waits = async (own: (place: TopicPartition) => boolean = () => false): Promise<boolean> => {
    await clock.advance(100)
    return elsewhere.waits(own)
  }
  return { clock, member, waits, close: () => log.close() }
}

test('others are waited for until they have committed what was there', async () => {
  const { member, waits, close } = await begun()
  expect(await waits()).toBe(true)
  await member.commit([{ topic: 'rows', partition: 1, offset: 1 }])
  expect(await waits()).toBe(false)
  await close()
})

test('what is this process’s own is not waited for', async () => {
  const { waits, close } = await begun()
  expect(await waits(({ partition }) => partition === 1)).toBe(false)
  expect(await waits()).toBe(true)
  await close()
})

test('nobody is waited for who does not come further', async () => {
  const { clock, waits, close } = await begun()
  expect(await waits()).toBe(true)
  await clock.advance(19_000)
  expect(await waits()).toBe(true)
  await clock.advance(1000)
  expect(await waits()).toBe(false)
  await close()
})
