import type { GroupMember } from '@heddle/core'
import { logContract } from '@heddle/core/contracts'
import { openKafkaLog } from '@heddle/log/kafka'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, openTestLog, startTestKafka } from './test-kafka.ts'

describe.runIf(servicesAvailable('kafka'))('on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  })
  afterAll(() => kafka.stop())

  logContract('Kafka', () => openTestLog({ brokers: kafka.brokers }), { describe, test })
  logContract(
    'Kafka, with the classic group protocol',
    () => openTestLog({ brokers: kafka.brokers, groupProtocol: 'classic' }),
    { describe, test },
  )

  it.each([
    ['auto', 'classic'],
    ['classic', 'auto'],
  ] as const)(
    'members by %s and by %s share a group, so that it can be moved while it runs',
    async (...protocols) => {
      const logs = await Promise.all(
        protocols.map((groupProtocol) => openKafkaLog({ brokers: kafka.brokers, groupProtocol })),
      )
      try {
        const name = `moved-${crypto.randomUUID()}`
        await logs[0]!.createTopic({ name, partitions: 4 })
        const shares = [0, 0]
        let heard = (): void => {}
        const join = (index: 0 | 1): Promise<GroupMember> =>
          logs[index]!.joinGroup({
            group: name,
            topics: [name],
            onAssigned: ({ length }) => {
              shares[index]! += length
              heard()
            },
            onRevoked: ({ length }) => {
              shares[index]! -= length
              heard()
            },
          })
        const until = async (wanted: string): Promise<void> => {
          while (shares.join() !== wanted) await new Promise<void>((resolve) => (heard = resolve))
        }
        const former = await join(0)
        await until('4,0')
        const latter = await join(1)
        await until('2,2')
        for (const member of [former, latter]) await member.commit([{ ...member.assignment[0]!, offset: 0 }])
        await former.leave()
        await until('0,4')
        expect(latter.assignment.length).toBe(4)
        await latter.leave()
      } finally {
        await Promise.all(logs.map((log) => log.close()))
      }
    },
  )
})
