import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log, TopicPartition } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import {
  type AclOperationValue,
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  type ResourceTypeValue,
  ResourceTypes,
} from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saslListener } from '../../tools/services/kafka/certificates.ts'
import { type Kafka, startKafka } from '../../tools/services/kafka/kafka.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'

const users = { alice: 'alice-secret', bob: 'bob-secret' }

const { CREATE, DESCRIBE, DESCRIBE_CONFIGS, ALTER, ALTER_CONFIGS, READ, WRITE, DELETE } = AclOperations

/** What docs/guides/kafka.md says is needed. */
const needed: readonly (readonly [ResourceTypeValue, prefix: string, readonly AclOperationValue[]])[] = [
  [
    ResourceTypes.TOPIC,
    'app-',
    [CREATE, DESCRIBE, DESCRIBE_CONFIGS, ALTER, ALTER_CONFIGS, READ, WRITE, DELETE],
  ],
  [
    ResourceTypes.TOPIC,
    '__heddle_',
    [CREATE, DESCRIBE, DESCRIBE_CONFIGS, ALTER, ALTER_CONFIGS, READ, WRITE, DELETE],
  ],
  [ResourceTypes.GROUP, 'app-', [READ, DESCRIBE, DELETE]],
  [ResourceTypes.TRANSACTIONAL_ID, 'app-', [WRITE, DESCRIBE]],
]

describe.runIf(servicesAvailable('kafka'))('brokers that ask who may do what', () => {
  let kafka: Kafka
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heddle-kafka-rights-'))
    kafka = await startKafka({
      listeners: { SASL: 'SASL_PLAINTEXT' },
      properties: {
        ...saslListener('SASL', users),
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The brokers themselves, and this test where it sets rights.
        'super.users': 'User:ANONYMOUS',
      },
    })
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: kafka.bootstrap.split(',') })
    await admin.createAcls({
      creations: needed.flatMap(([resourceType, resourceName, operations]) =>
        operations.map((operation) => ({
          resourceType,
          resourceName,
          resourcePatternType: ResourcePatternTypes.PREFIXED,
          principal: 'User:alice',
          host: '*',
          operation,
          permissionType: AclPermissionTypes.ALLOW,
        })),
      ),
    })
    await admin.close()
  })
  afterAll(async () => {
    await kafka.stop()
    await rm(folder, { recursive: true })
  })

  const open = (username: keyof typeof users): Promise<Log> =>
    openKafkaLog({
      brokers: [kafka.listeners['SASL']!],
      statePath: join(folder, username),
      sasl: { mechanism: 'PLAIN', username, password: users[username] },
    })

  it('let those who have the rights that the guide names do all work', async () => {
    const log = await open('alice')
    try {
      const topic = 'app-orders'
      await log.createTopic({ name: topic, partitions: 1 })
      await log.alterTopic(topic, { partitions: 2, retention: { ms: 86_400_000 } })
      await log.append(
        topic,
        [
          {
            partition: 0,
            value: 'one',
            headers: [
              ['ce_id', '1'],
              ['ce_source', '/'],
            ],
          },
        ],
        {
          dedupe: true,
        },
      )
      expect((await log.listTopics()).map(({ name }) => name)).toEqual([topic])
      expect((await log.partitions(topic))[0]).toMatchObject({ earliest: 0, latest: 1 })

      const assigned = Promise.withResolvers<readonly TopicPartition[]>()
      const member = await log.joinGroup({
        group: 'app-group',
        topics: [topic],
        onAssigned: assigned.resolve,
      })
      expect((await assigned.promise).length).toBe(2)
      const store = await log.store('app-state')
      const transaction = (await log.transactor('app-worker')).begin()
      transaction.append(topic, [{ partition: 0, value: 'two' }])
      transaction.commitOffsets(member, [{ topic, partition: 0, offset: 1 }])
      transaction.put(store, 'key', Buffer.from('value'))
      await transaction.commit()
      expect((await log.listGroups()).map(({ group, offsets }) => [group, offsets.length])).toEqual([
        ['app-group', 1],
      ])
      await member.leave()
      await log.resetOffsets('app-group', [{ topic, partition: 0, offset: 0 }])
      await log.deleteGroup('app-group')
      await log.deleteStore?.('app-state')
      await log.deleteRecords?.({ topic, partition: 0, offset: 1 })
      await log.deleteTopic(topic)
      expect(await log.listTopics()).toEqual([])
    } finally {
      await log.close()
    }
  })

  it('refuse all others at once', async () => {
    const owner = await open('alice')
    await owner.createTopic({ name: 'app-private', partitions: 1 })
    await owner.close()
    const log = await open('bob')
    try {
      const unauthorized = { code: 'HEDDLE_LOG_UNAUTHORIZED', kind: 'usage' }
      await expect(log.createTopic({ name: 'app-new' })).rejects.toMatchObject(unauthorized)
      await expect(log.append('app-private', [{ value: 'x' }])).rejects.toMatchObject(unauthorized)
      await expect(log.read([{ topic: 'app-private', partition: 0, offset: 0 }])).rejects.toMatchObject(
        unauthorized,
      )
      await expect(log.joinGroup({ group: 'app-group', topics: ['app-private'] })).rejects.toMatchObject(
        unauthorized,
      )
      await expect(log.transactor('app-worker')).rejects.toMatchObject(unauthorized)
      await expect(log.listTopics()).rejects.toMatchObject({
        ...unauthorized,
        message: expect.stringContaining('__heddle_topics') as string,
      })
      expect(await log.listGroups()).toEqual([])
    } finally {
      await log.close()
    }
  })
})
