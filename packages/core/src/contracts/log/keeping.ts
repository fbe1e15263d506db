import { type TestApi, check, equal, eventually, throws } from '../assert.ts'
import { type OpenLog, at, identified, readAll, text, unique, valuesOf, withLog } from './harness.ts'

/** What is kept, and how often: deduplication, retention, compaction. */
export function keepingContract(open: OpenLog, { describe, test }: TestApi): void {
  describe('deduplication', () => {
    const when =
      (use: Parameters<typeof withLog>[1]): (() => Promise<void>) =>
      () =>
        withLog(open, async (log, under) => {
          if (log.features.dedupe) await use(log, under)
        })()

    test(
      'drops what was appended before, and answers with the first offset',
      when(async (log) => {
        const topic = unique('dedupe')
        await log.createTopic({ name: topic, partitions: 3 })
        const records = ['a', 'b', 'c', 'd'].map((id) => identified(id))
        const first = await log.append(topic, records, { dedupe: true })
        check(
          first.every(({ duplicate }) => duplicate === undefined),
          'no duplicate at first',
        )
        const again = await log.append(topic, [...records, identified('e')], { dedupe: true })
        equal(
          again.slice(0, 4),
          first.map((answer) => ({ ...answer, duplicate: true })),
          'the answer to the same again',
        )
        equal(again[4]?.duplicate, undefined, 'the answer to the new one')
        const kept = (await valuesOf(log, topic)).flat()
        equal([kept.length, new Set(kept).size], [5, 5], 'how many are kept, and how many different ones')
      }),
    )

    test(
      'knows duplicates within one append, and between appends at the same time',
      when(async (log) => {
        const topic = unique('dedupe')
        await log.createTopic({ name: topic, partitions: 1 })
        const twice = await log.append(topic, [identified('a'), identified('b'), identified('a')], {
          dedupe: true,
        })
        equal(twice[2], { ...twice[0], duplicate: true }, 'the third answer')
        const answers = await Promise.all(
          Array.from({ length: 20 }, () =>
            log.append(topic, [identified('x'), identified('y')], { dedupe: true }),
          ),
        )
        equal(
          answers.flat().filter(({ duplicate }) => duplicate === undefined).length,
          2,
          'how many were new',
        )
        equal((await valuesOf(log, topic))[0], ['a', 'b', 'x', 'y'], 'what is kept')
      }),
    )

    test(
      'goes by source and id together, and only where it is asked for',
      when(async (log) => {
        const topic = unique('dedupe')
        await log.createTopic({ name: topic, partitions: 1 })
        const from = (source: string, id: string) => ({
          value: `${source}${id}`,
          headers: [
            ['ce_source', source],
            ['ce_id', id],
          ] as const,
        })
        await log.append(topic, [from('/a', '1'), from('/b', '1'), from('/a', '2')], { dedupe: true })
        await log.append(topic, [{ value: 'plain' }, { value: 'plain' }], { dedupe: true })
        await log.append(topic, [from('/a', '1')])
        equal((await valuesOf(log, topic))[0], ['/a1', '/b1', '/a2', 'plain', 'plain', '/a1'], 'what is kept')
      }),
    )

    test(
      'remembers across a restart',
      when(async (log, under) => {
        const topic = unique('dedupe')
        await log.createTopic({ name: topic, partitions: 2 })
        const first = await log.append(topic, [identified('a'), identified('b')], { dedupe: true })
        const again = await under.reopen()
        equal(
          await again.append(topic, [identified('b'), identified('a')], { dedupe: true }),
          [first[1], first[0]].map((answer) => ({ ...answer, duplicate: true })),
          'the answer',
        )
      }),
    )

    test(
      'forgets the oldest beyond its window',
      when(async (log) => {
        const topic = unique('dedupe')
        await log.createTopic({ name: topic, partitions: 1, dedupe: { ms: 3_600_000, ids: 2 } })
        for (const id of ['a', 'b', 'c']) await log.append(topic, [identified(id)], { dedupe: true })
        const [c] = await log.append(topic, [identified('c')], { dedupe: true })
        const [a] = await log.append(topic, [identified('a')], { dedupe: true })
        equal([c?.duplicate, a?.duplicate], [true, undefined], 'whether they were known')
      }),
    )
  })

  describe('retention', () => {
    const when =
      (use: Parameters<typeof withLog>[1]): (() => Promise<void>) =>
      () =>
        withLog(open, async (log, under) => {
          if (under.maintain !== undefined) await use(log, under)
        })()

    test(
      'by size deletes the oldest, and what is left keeps its offsets',
      when(async (log, under) => {
        const topic = unique('size')
        await log.createTopic({ name: topic, partitions: 1, retention: { bytes: 50_000 } })
        for (let i = 0; i < 20; i++) await log.append(topic, [{ value: `${i}`.padEnd(10_000) }])
        await under.maintain!()
        const earliest = await eventually('records to go', async () => {
          const found = (await log.partitions(topic))[0]?.earliest
          return found !== undefined && found > 0 && found
        })
        const records = await readAll(log, topic, 0, earliest)
        equal(
          records.map(({ value }) => Number(text(value))),
          Array.from({ length: 20 - earliest }, (_, i) => earliest + i),
          'what is left',
        )
        check(records.length >= 5, 'at least the bytes that are to be kept')
        await throws('HEDDLE_LOG_OFFSET_OUT_OF_RANGE', () => log.read([at(topic, 0)]))
        const [next] = await log.append(topic, [{ value: 'next' }])
        equal(next?.offset, 20, 'the next offset')
      }),
    )

    test(
      'by time deletes what is old, and not what is new',
      when(async (log, under) => {
        const topic = unique('age')
        await log.createTopic({ name: topic, partitions: 1, retention: { ms: 3_600_000 } })
        const now = Date.now()
        await log.append(topic, [{ value: 'old', timestamp: now - 7_200_000 }])
        await log.append(topic, [{ value: 'new', timestamp: now }])
        await under.maintain!()
        await eventually('the old one to go', async () => (await log.partitions(topic))[0]?.earliest === 1)
        equal(
          (await readAll(log, topic, 0, 1)).map(({ value }) => text(value)),
          ['new'],
          'what is left',
        )
      }),
    )
  })

  describe('deleted records', () => {
    test('are not read any more, and what is behind them is', () =>
      withLog(open, async (log) => {
        if (!log.deleteRecords) return
        const topic = unique('deleted')
        await log.createTopic({ name: topic, partitions: 2 })
        for (const value of ['a', 'b', 'c', 'd']) await log.append(topic, [{ value, partition: 0 }])
        await log.append(topic, [{ value: 'other', partition: 1 }])
        const place = { topic, partition: 0 }
        await log.deleteRecords({ ...place, offset: 2 })
        await log.deleteRecords({ ...place, offset: 0 })
        const [kept, other] = await log.partitions(topic)
        equal([kept?.earliest, kept?.latest], [2, 4], 'beginning and end')
        equal([other?.earliest, other?.latest], [0, 1], 'beginning and end of the other partition')
        await throws('HEDDLE_LOG_OFFSET_OUT_OF_RANGE', () => log.read([{ ...place, offset: 1 }]))
        equal(await valuesOf(log, topic), [['c', 'd'], ['other']], 'what is left')
        await log.deleteRecords({ ...place, offset: 4 })
        await log.append(topic, [{ value: 'e', partition: 0 }])
        equal((await valuesOf(log, topic))[0], ['e'], 'what came after')
      })())
  })

  describe('compaction', () => {
    const when =
      (use: Parameters<typeof withLog>[1]): (() => Promise<void>) =>
      () =>
        withLog(open, async (log, under) => {
          if (under.maintain !== undefined && log.features.compaction) await use(log, under)
        })()

    test(
      'keeps the last of each key, in order and at its offset',
      when(async (log, under) => {
        const topic = unique('compact')
        await log.createTopic({ name: topic, partitions: 1, compaction: true })
        for (let i = 0; i < 30; i++)
          await log.append(topic, [
            { key: `k${i % 3}`, value: `${i}` },
            { key: `once${i % 10}`, value: `o${i}` },
          ])
        await under.maintain!()
        const records = await readAll(log, topic)
        const last = new Map<string | null, number>()
        for (const { key, offset } of records) last.set(text(key), offset)
        equal(
          ['k0', 'k1', 'k2', 'once0', 'once9'].map((key) => last.get(key)),
          [54, 56, 58, 41, 59],
          'the offsets of the last',
        )
        equal(
          records
            .filter(({ key }) => text(key) === 'k0')
            .map(({ value }) => text(value))
            .at(-1),
          '27',
          'the last value',
        )
        const offsets = records.map(({ offset }) => offset)
        equal(
          offsets,
          [...offsets].sort((a, b) => a - b),
          'the order',
        )
        equal(offsets.length, 13, 'how many are left')
      }),
    )

    test(
      'takes only records with a key',
      when(async (log) => {
        const topic = unique('keyless')
        await log.createTopic({ name: topic, partitions: 1, compaction: true })
        await throws('HEDDLE_LOG_RECORD_INVALID', () =>
          log.append(topic, [{ key: 'k', value: 'a' }, { value: 'b' }]),
        )
        equal((await log.partitions(topic))[0]?.latest, 0, 'the end')
      }),
    )
  })
}
