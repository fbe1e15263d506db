import type { Log } from '../../ports/log.ts'
import { type TestApi, equal, eventually, throws } from '../assert.ts'
import { type OpenLog, bytes, identified, offsetAt, text, unique, valuesOf, withLog } from './harness.ts'

/** What an implementation may show a little after a commit. */
/** Or beyond: a log may keep the ends of transactions among the records, as Kafka does. */
const ends = (log: Log, topic: string, latest: number): Promise<true> =>
  eventually(
    `${topic} to end at ${latest}`,
    async () => ((await log.partitions(topic))[0]?.latest ?? 0) >= latest,
  )

export function transactionsContract(open: OpenLog, { describe, test }: TestApi): void {
  const when =
    (use: Parameters<typeof withLog>[1]): (() => Promise<void>) =>
    () =>
      withLog(open, async (log, under) => {
        if (log.features.transactions) await use(log, under)
      })()

  describe('transactions', () => {
    test(
      'keep appends, offsets and state together',
      when(async (log, under) => {
        const [from, to] = [unique('from'), unique('to')]
        const group = unique('group')
        await log.createTopic({ name: from, partitions: 1 })
        await log.createTopic({ name: to, partitions: 1 })
        const member = await log.joinGroup({ group, topics: [from] })
        await eventually('the partition', async () => member.assignment.length === 1)
        const name = unique('state')
        const store = await log.store(name)
        const transactor = await log.transactor(unique('transactor'))
        const transaction = transactor.begin()
        transaction.append(to, [{ value: 'a' }, { value: 'b' }])
        transaction.append(to, [{ value: 'c' }])
        transaction.commitOffsets(member, [offsetAt(from, 4, 'note')])
        transaction.put(store, 'count', bytes('3'))
        equal((await valuesOf(log, to))[0], [], 'what is seen before the commit')
        equal(store.get('count'), undefined, 'the state before the commit')
        await transaction.commit()
        await eventually('the records', async () => (await valuesOf(log, to))[0]?.length === 3)
        equal((await valuesOf(log, to))[0], ['a', 'b', 'c'], 'the records')
        equal(text(store.get('count')), '3', 'the state')
        equal(await member.committed([offsetAt(from, 0)]), [offsetAt(from, 4, 'note')], 'the offsets')
        await transactor.close()
        await member.leave()
        const again = await under.reopen()
        equal((await valuesOf(again, to))[0], ['a', 'b', 'c'], 'the records after a restart')
        equal(text((await again.store(name)).get('count')), '3', 'the state after a restart')
      }),
    )

    test(
      'that are aborted leave nothing',
      when(async (log) => {
        const topic = unique('aborted')
        await log.createTopic({ name: topic, partitions: 1 })
        const store = await log.store(unique('state'))
        const transactor = await log.transactor(unique('transactor'))
        const transaction = transactor.begin()
        transaction.append(topic, [{ value: 'no' }])
        transaction.put(store, 'k', bytes('no'))
        await transaction.abort()
        const next = transactor.begin()
        next.append(topic, [{ value: 'yes' }])
        await next.commit()
        await eventually('the record', async () => (await valuesOf(log, topic))[0]?.length === 1)
        equal((await valuesOf(log, topic))[0], ['yes'], 'the records')
        equal([store.get('k'), store.size()], [undefined, 0], 'the state')
        await transactor.close()
      }),
    )

    test(
      'of a former transactor are fenced, and leave nothing',
      when(async (log) => {
        const topic = unique('zombie')
        await log.createTopic({ name: topic, partitions: 1 })
        const id = unique('transactor')
        const store = await log.store(unique('state'))
        const former = await log.transactor(id)
        const transaction = former.begin()
        transaction.append(topic, [{ value: 'zombie' }])
        transaction.put(store, 'k', bytes('zombie'))
        const latter = await log.transactor(id)
        await throws('HEDDLE_LOG_FENCED', () => transaction.commit())
        const good = latter.begin()
        good.append(topic, [{ value: 'alive' }])
        await good.commit()
        await eventually('the record', async () => (await valuesOf(log, topic))[0]?.length === 1)
        equal((await valuesOf(log, topic))[0], ['alive'], 'the records')
        equal(store.get('k'), undefined, 'the state')
        await latter.close()
      }),
    )

    test(
      'with offsets of a partition that was lost are fenced, and leave nothing',
      when(async (log) => {
        const [from, to] = [unique('from'), unique('to')]
        const group = unique('group')
        await log.createTopic({ name: from, partitions: 1 })
        await log.createTopic({ name: to, partitions: 1 })
        const former = await log.joinGroup({ group, topics: [from], member: 'same' })
        await eventually('the partition', async () => former.assignment.length === 1)
        const transactor = await log.transactor(unique('transactor'))
        const transaction = transactor.begin()
        transaction.append(to, [{ value: 'lost' }])
        transaction.commitOffsets(former, [offsetAt(from, 9)])
        const latter = await log.joinGroup({ group, topics: [from], member: 'same' })
        await eventually('the partition', async () => latter.assignment.length === 1)
        await throws('HEDDLE_LOG_FENCED', () => transaction.commit())
        equal((await valuesOf(log, to))[0], [], 'the records')
        equal(await latter.committed([offsetAt(from, 0)]), [], 'the offsets')
        await transactor.close()
        await latter.leave()
      }),
    )

    test(
      'are one at a time, and over when they are over',
      when(async (log) => {
        const transactor = await log.transactor(unique('transactor'))
        const transaction = transactor.begin()
        await throws('HEDDLE_LOG_TRANSACTION_INVALID', () => transactor.begin())
        await transaction.commit()
        await throws('HEDDLE_LOG_TRANSACTION_INVALID', () => transaction.commit())
        await throws('HEDDLE_LOG_TRANSACTION_INVALID', () => transaction.append('any', [{ value: 'x' }]))
        await transactor.close()
        await throws('HEDDLE_LOG_TRANSACTION_INVALID', () => transactor.begin())
      }),
    )

    test(
      'overlap in order, where they can',
      when(async (log) => {
        if (!log.features.pipelinedCommits) return
        const topic = unique('pipeline')
        await log.createTopic({ name: topic, partitions: 1 })
        const store = await log.store(unique('state'))
        const transactor = await log.transactor(unique('transactor'))
        const commits: Promise<void>[] = []
        for (let i = 0; i < 50; i++) {
          const transaction = transactor.begin()
          transaction.append(topic, [{ value: `${i}` }])
          transaction.put(store, 'last', bytes(`${i}`))
          commits.push(transaction.commit())
        }
        await Promise.all(commits)
        await ends(log, topic, 50)
        equal(
          (await valuesOf(log, topic))[0],
          Array.from({ length: 50 }, (_, i) => `${i}`),
          'the order',
        )
        equal(text(store.get('last')), '49', 'the state')
        await transactor.close()
      }),
    )

    test(
      'drop duplicates when asked to',
      when(async (log) => {
        if (!log.features.dedupe) return
        const topic = unique('dedupe')
        await log.createTopic({ name: topic, partitions: 1 })
        await log.append(topic, [identified('a')], { dedupe: true })
        const transactor = await log.transactor(unique('transactor'))
        const transaction = transactor.begin()
        transaction.append(topic, [identified('a'), identified('b')], { dedupe: true })
        await transaction.commit()
        await eventually('the record', async () => (await valuesOf(log, topic))[0]?.length === 2)
        equal((await valuesOf(log, topic))[0], ['a', 'b'], 'the records')
        await transactor.close()
      }),
    )
  })
}
