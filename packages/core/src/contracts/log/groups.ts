import type { GroupMember, Log, TopicPartition } from '../../ports/log.ts'
import { type TestApi, check, equal, eventually, throws } from '../assert.ts'
import { type OpenLog, at, offsetAt, unique, withLog } from './harness.ts'

/** What a member was told, in order. */
interface Told {
  readonly assigned: TopicPartition[][]
  readonly revoked: TopicPartition[][]
  readonly lost: TopicPartition[][]
}

async function join(
  log: Log,
  group: string,
  topics: string[],
  member?: string,
): Promise<{ member: GroupMember; told: Told }> {
  const told: Told = { assigned: [], revoked: [], lost: [] }
  const joined = await log.joinGroup({
    group,
    topics,
    ...(member === undefined ? {} : { member }),
    onAssigned: (partitions) => void told.assigned.push([...partitions]),
    onRevoked: (partitions) => void told.revoked.push([...partitions]),
    onLost: (partitions) => void told.lost.push([...partitions]),
  })
  return { member: joined, told }
}

const owns = (member: GroupMember, count: number): Promise<true> =>
  eventually(`${member.member} to own ${count} partitions`, async () => member.assignment.length === count)

const names = (members: readonly GroupMember[]): string[] =>
  members
    .flatMap(({ assignment }) => assignment.map(({ topic, partition }) => `${topic}/${partition}`))
    .sort()

export function groupsContract(open: OpenLog, { describe, test }: TestApi): void {
  describe('groups', () => {
    test(
      'give all partitions to the only member, and share them when another comes',
      withLog(open, async (log) => {
        const topic = unique('shared')
        const group = unique('group')
        await log.createTopic({ name: topic, partitions: 4 })
        const one = await join(log, group, [topic])
        await owns(one.member, 4)
        await eventually('the first to be told', async () => one.told.assigned.flat().length === 4)
        const two = await join(log, group, [topic])
        await owns(two.member, 2)
        await owns(one.member, 2)
        equal(
          names([one.member, two.member]),
          [0, 1, 2, 3].map((i) => `${topic}/${i}`),
          'the partitions',
        )
        equal(one.told.revoked.flat().length, 2, 'how many the first was asked to give up')
        equal(one.told.assigned.flat().length, 4, 'what stays is not mentioned again')
        await two.member.leave()
        await owns(one.member, 4)
        equal(two.told.revoked.flat().length, 2, 'how many the one that left gave back')
        await one.member.leave()
      }),
    )

    test(
      'hand a partition on only when its owner is done with it',
      withLog(open, async (log) => {
        const topic = unique('handover')
        const group = unique('group')
        await log.createTopic({ name: topic, partitions: 2 })
        const events: string[] = []
        let release: () => void = () => {}
        const held = new Promise<void>((resolve) => (release = resolve))
        const one: GroupMember = await log.joinGroup({
          group,
          topics: [topic],
          onRevoked: async (partitions) => {
            events.push('asked')
            await held
            await one.commit(partitions.map((partition) => ({ ...partition, offset: 7 })))
            events.push('given')
          },
        })
        await owns(one, 2)
        const two = await log.joinGroup({
          group,
          topics: [topic],
          onAssigned: () => void events.push('taken'),
        })
        await eventually('the owner to be asked', async () => events.includes('asked'))
        equal(two.assignment, [], 'what the other has meanwhile')
        release()
        await owns(two, 1)
        await eventually('it to be taken', async () => events.includes('taken'))
        equal(events, ['asked', 'given', 'taken'], 'the order')
        equal(
          (await two.committed(two.assignment)).map(({ offset }) => offset),
          [7],
          'what the former owner committed',
        )
        await two.leave()
        await one.leave()
      }),
    )

    test(
      'keep offsets with their metadata, also across a restart',
      withLog(open, async (log, under) => {
        const topic = unique('offsets')
        const group = unique('group')
        await log.createTopic({ name: topic, partitions: 2 })
        const { member } = await join(log, group, [topic])
        await owns(member, 2)
        const both = [at(topic, 0, 0), at(topic, 0, 1)]
        equal(await member.committed(both), [], 'before the first commit')
        await member.commit([offsetAt(topic, 5, 'a note')])
        await member.commit([{ topic, partition: 1, offset: 9 }])
        equal(
          await member.committed(both),
          [offsetAt(topic, 5, 'a note'), { topic, partition: 1, offset: 9 }],
          'what was committed',
        )
        await member.leave()
        const again = await under.reopen()
        const later = await join(again, group, [topic])
        await owns(later.member, 2)
        equal(
          (await later.member.committed(both)).map(({ offset }) => offset),
          [5, 9],
          'after the restart',
        )
        const listed = (await again.listGroups()).find((info) => info.group === group)
        equal(
          listed?.members.map(({ member }) => member),
          [later.member.member],
          'the members listed',
        )
        equal(
          listed?.offsets.map(({ offset }) => offset),
          [5, 9],
          'the offsets listed',
        )
        await later.member.leave()
      }),
    )

    test(
      'fence a member from partitions that are not its own',
      withLog(open, async (log) => {
        const topic = unique('fenced')
        const group = unique('group')
        await log.createTopic({ name: topic, partitions: 2 })
        const one = await join(log, group, [topic])
        await owns(one.member, 2)
        const two = await join(log, group, [topic])
        await owns(two.member, 1)
        await owns(one.member, 1)
        const [theirs] = two.member.assignment
        const [own] = one.member.assignment
        await throws('HEDDLE_LOG_FENCED', () =>
          one.member.commit([
            { ...own!, offset: 3 },
            { ...theirs!, offset: 3 },
          ]),
        )
        equal(await one.member.committed([own!, theirs!]), [], 'what is kept of a commit that was refused')
        await one.member.leave()
        await throws('HEDDLE_LOG_FENCED', () => one.member.commit([{ ...own!, offset: 3 }]))
        await two.member.leave()
      }),
    )

    test(
      'let a member take the place of the one that had its name',
      withLog(open, async (log) => {
        const topic = unique('replaced')
        const group = unique('group')
        await log.createTopic({ name: topic, partitions: 2 })
        const former = await join(log, group, [topic], 'same')
        await owns(former.member, 2)
        const latter = await join(log, group, [topic], 'same')
        await owns(latter.member, 2)
        await eventually('the former to hear of it', async () => former.told.lost.flat().length === 2)
        equal(former.member.assignment, [], 'what the former has')
        await throws('HEDDLE_LOG_FENCED', () => former.member.commit([offsetAt(topic, 1)]))
        await latter.member.commit([offsetAt(topic, 2)])
        await latter.member.leave()
      }),
    )

    test(
      'take what each member asks for',
      withLog(open, async (log) => {
        const [a, b] = [unique('a'), unique('b')]
        const group = unique('group')
        await log.createTopic({ name: a, partitions: 2 })
        await log.createTopic({ name: b, partitions: 2 })
        const both = await join(log, group, [a, b])
        await owns(both.member, 4)
        const onlyB = await join(log, group, [b])
        await owns(onlyB.member, 2)
        await owns(both.member, 2)
        check(
          onlyB.member.assignment.every(({ topic }) => topic === b),
          'only what it asked for',
        )
        await onlyB.member.leave()
        await both.member.leave()
      }),
    )

    test(
      'are set from outside only when nobody is in them',
      withLog(open, async (log) => {
        const topic = unique('reset')
        const group = unique('group')
        await log.createTopic({ name: topic, partitions: 1 })
        const { member } = await join(log, group, [topic])
        await owns(member, 1)
        await member.commit([offsetAt(topic, 5)])
        await throws('HEDDLE_LOG_GROUP_ACTIVE', () => log.resetOffsets(group, [offsetAt(topic, 0)]))
        await throws('HEDDLE_LOG_GROUP_ACTIVE', () => log.deleteGroup(group))
        await member.leave()
        await log.resetOffsets(group, [offsetAt(topic, 1)])
        const later = await join(log, group, [topic])
        await owns(later.member, 1)
        equal(
          (await later.member.committed([at(topic, 0)])).map(({ offset }) => offset),
          [1],
          'the offset',
        )
        await later.member.leave()
        await log.deleteGroup(group)
        await eventually('the group to go', async () =>
          (await log.listGroups()).every((info) => info.group !== group),
        )
      }),
    )
  })
}
