import { ManualClock, type TopicPartition } from '@heddle/core'
import { describe, expect, it } from 'vitest'
import { Cluster } from '../client/cluster.ts'
import { KafkaError } from '../errors.ts'
import { settingsOf } from '../options.ts'
import { KafkaMember } from './member.ts'
import type { GroupProtocol } from './protocol.ts'

const place = { topic: 't', partition: 0 }

/** A coordinator that says what it is told to, one thing for each exchange, and then no more. */
class Scripted implements GroupProtocol {
  readonly identity = { group: 'g', memberId: 'm', instanceId: null, epoch: 1 }
  readonly intervalMs = 1_000
  readonly #script: (readonly TopicPartition[] | KafkaError)[]
  readonly #played = Promise.withResolvers<void>()

  constructor(...script: (readonly TopicPartition[] | KafkaError)[]) {
    this.#script = script
  }

  /** When all was said. */
  get played(): Promise<void> {
    return this.#played.promise
  }

  enter(): Promise<readonly TopicPartition[] | undefined> {
    return this.beat()
  }

  async beat(): Promise<readonly TopicPartition[] | undefined> {
    const next = this.#script.shift()
    if (this.#script.length === 0) this.#played.resolve()
    if (next instanceof KafkaError) throw next
    return next
  }

  async commit(): Promise<readonly number[]> {
    return [0]
  }

  moved(): void {}
  reset(): void {}
  interrupt(): void {}
  close(): void {}
  async leave(): Promise<void> {}
}

const lost = new KafkaError('UNKNOWN_MEMBER_ID', null, { retryable: false })

describe('a member of a group', () => {
  it('hears that all was lost after what it is doing, and before it is given anything else', async () => {
    const cluster = new Cluster(settingsOf({ brokers: ['nobody'], clock: new ManualClock() }))
    const protocol = new Scripted([place], lost, [place])
    const events: string[] = []
    const held = Promise.withResolvers<void>()
    const again = Promise.withResolvers<void>()
    const member = await KafkaMember.join(
      cluster,
      {
        group: 'g',
        topics: ['t'],
        onAssigned: async () => {
          events.push('assigned')
          await held.promise
          if (events.push('taken') > 2) again.resolve()
        },
        onLost: () => void events.push('lost'),
      },
      () => protocol,
      { left: () => {}, endHanging: async () => {} },
    )
    await protocol.played
    expect(events).toEqual(['assigned'])
    await expect(member.commit([{ ...place, offset: 1 }])).rejects.toMatchObject({
      code: 'HEDDLE_LOG_FENCED',
    })
    held.resolve()
    await again.promise
    expect(events).toEqual(['assigned', 'taken', 'lost', 'assigned', 'taken'])
    await member.commit([{ ...place, offset: 1 }])
    await member.leave()
  })

  it('stays when what it could not give up was lost anyway', async () => {
    const cluster = new Cluster(settingsOf({ brokers: ['nobody'], clock: new ManualClock() }))
    const protocol = new Scripted([place], [], lost, [place])
    const events: string[] = []
    const again = Promise.withResolvers<void>()
    const member: KafkaMember = await KafkaMember.join(
      cluster,
      {
        group: 'g',
        topics: ['t'],
        onAssigned: () => {
          if (events.push('assigned') > 2) again.resolve()
        },
        onRevoked: async () => {
          events.push('revoked')
          await protocol.played
          await member.commit([{ ...place, offset: 1 }])
        },
        onLost: () => void events.push('lost'),
      },
      () => protocol,
      { left: () => {}, endHanging: async () => {} },
    )
    await again.promise
    expect(events).toEqual(['assigned', 'revoked', 'lost', 'assigned'])
    expect(member.assignment).toEqual([place])
  })
})
