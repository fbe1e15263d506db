import { check, equal, throws } from '../assert.ts'
import type { TestApi } from '../assert.ts'
import { type OpenLog, at, unique, withLog } from './harness.ts'

export function topicsContract(open: OpenLog, { describe, test }: TestApi): void {
  describe('topics', () => {
    test(
      'a topic is made once, and is the same to whoever asks for no more than it has',
      withLog(open, async (log) => {
        const name = unique('made')
        const made = await log.createTopic({ name, partitions: 3, retention: { ms: 60_000 } })
        equal([made.name, made.partitions, made.retention], [name, 3, { ms: 60_000 }], 'the topic')
        equal(await log.createTopic({ name, partitions: 3 }), made, 'the topic asked for again')
        equal(await log.createTopic({ name }), made, 'the topic asked for without settings')
        equal(await log.describeTopic(name), made, 'its description')
        check(
          (await log.listTopics()).some((topic) => topic.name === name),
          'it in the list',
        )
        equal((await log.partitions(name)).length, 3, 'its partitions')
      }),
    )

    test(
      'other settings than it has are refused, and say which',
      withLog(open, async (log) => {
        const name = unique('other')
        await log.createTopic({ name, partitions: 1 })
        const info = await throws('HEDDLE_LOG_TOPIC_EXISTS', () => log.createTopic({ name, partitions: 2 }))
        equal(info.setting, 'partitions', 'the setting named')
      }),
    )

    test(
      'names and settings that make no sense are refused',
      withLog(open, async (log) => {
        for (const name of ['', '.', '..', 'a b', 'a/b', 'x'.repeat(250)])
          await throws('HEDDLE_LOG_TOPIC_INVALID', () => log.createTopic({ name }))
        await throws('HEDDLE_LOG_TOPIC_INVALID', () =>
          log.createTopic({ name: unique('none'), partitions: 0 }),
        )
      }),
    )

    test(
      'settings change, and partitions only grow',
      withLog(open, async (log) => {
        const name = unique('altered')
        await log.createTopic({ name, partitions: 1 })
        await log.append(name, [{ value: 'kept' }])
        const altered = await log.alterTopic(name, { partitions: 2, retention: { bytes: 1_000_000 } })
        equal([altered.partitions, altered.retention], [2, { bytes: 1_000_000 }], 'the settings')
        const [first, second] = await log.partitions(name)
        equal([first?.latest, second?.latest], [1, 0], 'the ends')
        await throws('HEDDLE_LOG_TOPIC_INVALID', () => log.alterTopic(name, { partitions: 1 }))
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.alterTopic(unique('none'), { partitions: 2 }))
      }),
    )

    test(
      'a deleted topic is unknown everywhere, and is empty when made again',
      withLog(open, async (log) => {
        const name = unique('deleted')
        await log.createTopic({ name, partitions: 1 })
        await log.append(name, [{ value: 'gone' }])
        await log.deleteTopic(name)
        equal(await log.describeTopic(name), undefined, 'its description')
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.append(name, [{ value: 'x' }]))
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.read([at(name, 0)]))
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.partitions(name))
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.deleteTopic(name))
        await log.createTopic({ name, partitions: 1 })
        equal(
          (await log.partitions(name)).map(({ latest }) => latest),
          [0],
          'its end',
        )
      }),
    )

    test(
      'topics and records are there after a restart',
      withLog(open, async (log, under) => {
        const name = unique('restart')
        const made = await log.createTopic({ name, partitions: 2 })
        const [appended] = await log.append(name, [{ key: 'k', value: 'v' }])
        const again = await under.reopen()
        equal(await again.describeTopic(name), made, 'the topic')
        const [fetched] = await again.read([at(name, 0, appended!.partition)])
        equal(
          fetched?.records.map(({ value }) => value),
          [new TextEncoder().encode('v')],
          'the records',
        )
        const [next] = await again.append(name, [{ key: 'k', value: 'w' }])
        equal(next?.offset, 1, 'the next offset')
      }),
    )

    test(
      'a closed log says so',
      withLog(open, async (log, under) => {
        const name = unique('closed')
        await log.createTopic({ name })
        const again = await under.reopen()
        await throws('HEDDLE_LOG_CLOSED', () => log.append(name, [{ value: 'x' }]))
        await throws('HEDDLE_LOG_CLOSED', () => log.read([at(name, 0)]))
        await throws('HEDDLE_LOG_CLOSED', () => log.listTopics())
        await again.append(name, [{ value: 'x' }])
      }),
    )
  })
}
