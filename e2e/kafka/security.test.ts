import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, type TopicPartition } from '@heddle/core'
import { type KafkaLogOptions, type KafkaSasl, openKafkaLog } from '@heddle/log/kafka'
import { createFabric } from 'heddle'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Authority,
  type Certificate,
  makeAuthority,
  saslListener,
  tlsListener,
  unsignedToken,
} from '../../tools/services/kafka/certificates.ts'
import { type Kafka, startKafka } from '../../tools/services/kafka/kafka.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'

const users = { alice: 'alice-secret' }
const password = users.alice
const day = 86_400_000
const token = (): string => unsignedToken('alice', Date.now(), day)

type Access = Pick<KafkaLogOptions, 'sasl' | 'tls'>

describe.runIf(servicesAvailable('kafka'))('brokers that ask who is there', () => {
  let folder: string
  let authority: Authority
  let stranger: Authority
  let client: Certificate
  let kafka: Kafka

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heddle-kafka-security-'))
    authority = makeAuthority(folder)
    stranger = makeAuthority(folder, 'stranger')
    client = authority.issue('client')
    const broker = authority.issue('broker')
    kafka = await startKafka({
      listeners: { TLS: 'SSL', MUTUAL: 'SSL', EXPIRED: 'SSL', SASL: 'SASL_SSL' },
      scramUsers: users,
      properties: {
        ...tlsListener('TLS', broker),
        ...tlsListener('MUTUAL', broker, authority),
        ...tlsListener('EXPIRED', authority.issue('old-broker', 'expired')),
        ...tlsListener('SASL', broker),
        ...saslListener('SASL', users),
      },
    })
  })
  afterAll(async () => {
    await kafka.stop()
    await rm(folder, { recursive: true })
  })

  const open = (listener: string, access: Access, more: KafkaLogOptions = {}) =>
    openKafkaLog({ brokers: [kafka.listeners[listener]!], ...access, ...more })

  /** Appends, joins a group, and moves the record on in a transaction with its offset. */
  async function work(listener: string, access: Access): Promise<string> {
    const log = await open(listener, access)
    try {
      const topic = `secured-${crypto.randomUUID()}`
      await log.createTopic({ name: topic, partitions: 1 })
      await log.append(topic, [{ value: 'one' }])
      const assigned = Promise.withResolvers<readonly TopicPartition[]>()
      const member = await log.joinGroup({ group: topic, topics: [topic], onAssigned: assigned.resolve })
      expect(await assigned.promise).toEqual([{ topic, partition: 0 }])
      const [fetched] = await log.read([{ topic, partition: 0, offset: 0 }], { waitMs: 5_000 })
      const transactor = await log.transactor(topic)
      const transaction = transactor.begin()
      transaction.append(topic, [{ value: fetched!.records[0]!.value }])
      transaction.commitOffsets(member, [{ topic, partition: 0, offset: 1 }])
      await transaction.commit()
      expect(await member.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 1 }])
      const [again] = await log.read([{ topic, partition: 0, offset: 1 }], { waitMs: 5_000 })
      await member.leave()
      return Buffer.from(again!.records[0]!.value!).toString()
    } finally {
      await log.close()
    }
  }

  /** On a clock that stands still, so that who tried again would wait for ever. */
  async function refused(listener: string, access: Access): Promise<Error> {
    const error = await open(listener, access, { clock: new ManualClock(Date.now()) }).then(
      () => expect.unreachable('it was let in'),
      (error: unknown) => error as Error,
    )
    expect(error.message).toContain(kafka.listeners[listener])
    return error
  }

  it('with a certificate of an authority that is named, do all work', async () => {
    expect(await work('TLS', { tls: { ca: authority.ca } })).toBe('one')
  })

  it('with certificates on both sides, do all work', async () => {
    const tls = { ca: authority.ca, cert: client.cert, key: client.key }
    expect(await work('MUTUAL', { tls })).toBe('one')
  })

  it.each<KafkaSasl['mechanism']>(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    'with %s, do all work, and refuse a wrong password',
    async (mechanism) => {
      const sasl = { mechanism, username: 'alice', password } as KafkaSasl
      await work('SASL', { tls: { ca: authority.ca }, sasl })
      const wrong = { mechanism, username: 'alice', password: 'guessed' } as KafkaSasl
      const error = await refused('SASL', { tls: { ca: authority.ca }, sasl: wrong })
      expect(error).toMatchObject({ code: 'HEDDLE_LOG_UNAUTHORIZED', kind: 'usage' })
      expect(error.message).toContain(mechanism === 'PLAIN' ? 'Invalid username or password' : mechanism)
      expect(error.message).not.toContain('guessed')
    },
  )

  it('with OAUTHBEARER, take a token of a function and of a file, and refuse one that is over', async () => {
    const tls = { ca: authority.ca }
    await work('SASL', { tls, sasl: { mechanism: 'OAUTHBEARER', token: async () => token() } })
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, `${token()}\n`)
    await work('SASL', { tls, sasl: { mechanism: 'OAUTHBEARER', tokenFile } })
    const old = unsignedToken('alice', Date.now() - 2 * day, day)
    const error = await refused('SASL', { tls, sasl: { mechanism: 'OAUTHBEARER', token: old } })
    expect(error).toMatchObject({ code: 'HEDDLE_LOG_UNAUTHORIZED', kind: 'usage' })
    expect(error.message).toContain('invalid_token')
    expect(error.message).not.toContain(old)
  })

  it('with OAUTHBEARER, take a token that an authorization server gives to the client’s credentials', async () => {
    let asked = 0
    const server = createServer((request, response) => {
      asked++
      const right = request.headers.authorization === `Basic ${btoa('heddle:s3cret')}`
      response.writeHead(right ? 200 : 401, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify(
          right
            ? { access_token: token(), token_type: 'Bearer', expires_in: 3600 }
            : { error: 'invalid_client' },
        ),
      )
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
      const sasl = { mechanism: 'OAUTHBEARER', tokenUrl, clientId: 'heddle', clientSecret: 's3cret' } as const
      await work('SASL', { tls: { ca: authority.ca }, sasl })
      expect(asked).toBe(1)
      const error = await refused('SASL', {
        tls: { ca: authority.ca },
        sasl: { ...sasl, clientSecret: 'wrong' },
      })
      expect(error).toMatchObject({ code: 'HEDDLE_LOG_UNAUTHORIZED', kind: 'usage' })
      expect(error.message).toContain("no token to client 'heddle': 401 invalid_client")
    } finally {
      server.close()
    }
  })

  it('take a fabric whose configuration names files and secrets', async () => {
    const file = async (name: string, content: string): Promise<string> => {
      await writeFile(join(folder, name), content)
      return join(folder, name)
    }
    const kafkaAccess = {
      tls: { ca: authority.caFile },
      sasl: { mechanism: 'SCRAM-SHA-256', username: 'alice', password },
    } as const
    const config = {
      data: join(folder, 'data'),
      http: { port: 0 },
      log: `kafka://${kafka.listeners['SASL']}`,
    }
    const fabric = await createFabric({ ...config, kafka: kafkaAccess })
    expect(await fabric.log.createTopic({ name: 'of-the-fabric' })).toMatchObject({ name: 'of-the-fabric' })
    await fabric.close()

    const mutual = {
      ca: authority.caFile,
      cert: await file('me.pem', client.cert),
      key: await file('me.key', client.key),
    }
    const other = { ...config, log: `kafka+ssl://${kafka.listeners['MUTUAL']}` }
    const again = await createFabric({ ...other, kafka: { tls: mutual } })
    expect(await again.log.describeTopic('of-the-fabric')).toBeDefined()
    await again.close()
    await expect(
      createFabric({ ...other, kafka: { tls: { ...mutual, ca: join(folder, 'no-such.pem') } } }),
    ).rejects.toMatchObject({
      code: 'HEDDLE_CONFIG_INVALID',
      message: expect.stringContaining('kafka.tls.ca') as string,
    })
  })

  it('say which mechanisms they have, where another is asked for', async () => {
    const gssapi = { mechanism: 'GSSAPI', username: 'a', password: 'b' } as unknown as KafkaSasl
    const error = await refused('SASL', { tls: { ca: authority.ca }, sasl: gssapi })
    expect(error.message).toContain('it has OAUTHBEARER, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512')
  })

  it('are not trusted with the certificate of a stranger, one that has expired, or for another name', async () => {
    const unknown = await refused('TLS', { tls: { ca: stranger.ca } })
    expect(unknown).toMatchObject({ code: 'HEDDLE_LOG_UNTRUSTED', kind: 'usage' })
    expect(unknown.message).toContain('tls.ca')
    const expired = await refused('EXPIRED', { tls: { ca: authority.ca } })
    expect(expired).toMatchObject({ code: 'HEDDLE_LOG_UNTRUSTED' })
    expect(expired.message).toContain('has expired')
    const other = await refused('TLS', { tls: { ca: authority.ca, servername: 'kafka.example' } })
    expect(other).toMatchObject({ code: 'HEDDLE_LOG_UNTRUSTED' })
    expect(other.message).toContain('tls.servername')
  })

  it('do not trust a client without a certificate, or with that of a stranger', async () => {
    const none = await refused('MUTUAL', { tls: { ca: authority.ca } })
    expect(none).toMatchObject({ code: 'HEDDLE_LOG_UNTRUSTED' })
    expect(none.message).toContain('tls.cert')
    const { cert, key } = stranger.issue('client')
    const strange = await refused('MUTUAL', { tls: { ca: authority.ca, cert, key } })
    expect(strange).toMatchObject({ code: 'HEDDLE_LOG_UNTRUSTED' })
    expect(strange.message).toContain('of this client')
  })

  it('say so where TLS is spoken, and not expected', async () => {
    const without = await refused('TLS', {})
    expect(without).toMatchObject({ code: 'HEDDLE_LOG_UNTRUSTED' })
    expect(without.message).toContain('kafka+ssl://')
  })
})
