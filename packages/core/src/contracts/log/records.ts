import { type TestApi, check, equal, eventually, throws } from '../assert.ts'
import { type OpenLog, at, bytes, endsAt, readAll, text, unique, valuesOf, withLog } from './harness.ts'

export function recordsContract(open: OpenLog, { describe, test }: TestApi): void {
  describe('records', () => {
    test(
      'come back as they were appended',
      withLog(open, async (log) => {
        const topic = unique('round')
        await log.createTopic({ name: topic, partitions: 1 })
        const timestamp = 1_700_000_000_123
        await log.append(topic, [
          {
            key: 'ключ',
            value: 'värde 🧵',
            headers: [
              ['näme', 'x'],
              ['twice', '1'],
              ['twice', bytes('2')],
            ],
            timestamp,
          },
          { key: null, value: null, timestamp },
          { key: bytes(''), value: new Uint8Array([0, 255, 128]), headers: [['empty', '']], timestamp },
        ])
        const records = await readAll(log, topic)
        equal(
          records.map(({ offset, timestamp, key, value, headers }) => ({
            offset,
            timestamp,
            key,
            value,
            headers,
          })),
          [
            {
              offset: 0,
              timestamp,
              key: bytes('ключ'),
              value: bytes('värde 🧵'),
              headers: [
                ['näme', bytes('x')],
                ['twice', bytes('1')],
                ['twice', bytes('2')],
              ],
            },
            { offset: 1, timestamp, key: null, value: null, headers: [] },
            {
              offset: 2,
              timestamp,
              key: bytes(''),
              value: new Uint8Array([0, 255, 128]),
              headers: [['empty', bytes('')]],
            },
          ],
          'the records',
        )
      }),
    )

    test(
      'get offsets without gaps, in the order of the calls',
      withLog(open, async (log) => {
        const topic = unique('order')
        await log.createTopic({ name: topic, partitions: 1 })
        const appended = await Promise.all(
          Array.from({ length: 50 }, (_, i) => log.append(topic, [{ value: `${i}a` }, { value: `${i}b` }])),
        )
        equal(
          appended.map((answer) => answer.map(({ offset }) => offset)),
          Array.from({ length: 50 }, (_, i) => [2 * i, 2 * i + 1]),
          'the offsets',
        )
        equal(
          (await readAll(log, topic)).map(({ value }) => text(value)),
          Array.from({ length: 50 }, (_, i) => [`${i}a`, `${i}b`]).flat(),
          'the values',
        )
      }),
    )

    test(
      'go to the partition of their key, as with Kafka',
      withLog(open, async (log) => {
        const topic = unique('keys')
        await log.createTopic({ name: topic, partitions: 7 })
        // murmur2 of Kafka's own tests (UtilsTest): the hash, made positive, modulo 7.
        const keys: [string, number][] = [
          ['21', -973932308],
          ['foobar', -790332482],
          ['a-little-bit-long-string', -985981536],
          ['a-little-bit-longer-string', -1486304829],
          ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
          ['abc', 479470107],
        ]
        const appended = await log.append(
          topic,
          keys.map(([key]) => ({ key, value: key })),
        )
        equal(
          appended.map(({ partition }) => partition),
          keys.map(([, hash]) => (hash & 0x7fffffff) % 7),
          'the partitions',
        )
      }),
    )

    test(
      'without a key stay together, and all partitions get their turn',
      withLog(open, async (log) => {
        const topic = unique('turns')
        await log.createTopic({ name: topic, partitions: 3 })
        const used = new Set<number>()
        for (let i = 0; i < 12; i++) {
          const answer = await log.append(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
          equal(new Set(answer.map(({ partition }) => partition)).size, 1, 'the partitions of one append')
          used.add(answer[0]!.partition)
        }
        check(used.size > 1, 'more than one partition to be used')
      }),
    )

    test(
      'go where they name a partition',
      withLog(open, async (log) => {
        const topic = unique('named')
        await log.createTopic({ name: topic, partitions: 3 })
        const answer = await log.append(topic, [
          { partition: 2, key: 'k', value: 'a' },
          { partition: 0, key: 'k', value: 'b' },
        ])
        equal(
          answer,
          [
            { partition: 2, offset: 0 },
            { partition: 0, offset: 0 },
          ],
          'the answer',
        )
        await throws('HEDDLE_LOG_RECORD_INVALID', () => log.append(topic, [{ partition: 3, value: 'x' }]))
      }),
    )

    test(
      'are all refused when one is too large',
      withLog(open, async (log) => {
        const topic = unique('large')
        await log.createTopic({ name: topic, partitions: 1, maxRecordBytes: 1000 })
        await log.append(topic, [{ value: 'x'.repeat(900) }])
        await throws('HEDDLE_LOG_RECORD_TOO_LARGE', () =>
          log.append(topic, [{ value: 'small' }, { value: 'x'.repeat(1001) }]),
        )
        const [next] = await log.append(topic, [{ value: 'after' }])
        equal(next?.offset, 1, 'the next offset')
        equal((await valuesOf(log, topic))[0]?.length, 2, 'the records')
      }),
    )

    test(
      'none makes an answer of none',
      withLog(open, async (log) => {
        const topic = unique('none')
        await log.createTopic({ name: topic })
        equal(await log.append(topic, []), [], 'the answer')
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.append(unique('unknown'), [{ value: 'x' }]))
      }),
    )
  })

  describe('reading', () => {
    test(
      'begins in the middle, and goes on where it stopped',
      withLog(open, async (log) => {
        const topic = unique('middle')
        await log.createTopic({ name: topic, partitions: 1 })
        for (let i = 0; i < 10; i++)
          await log.append(
            topic,
            Array.from({ length: 10 }, (_, j) => ({ value: `${10 * i + j}` })),
          )
        const seen: (string | null)[] = []
        let offset = 33
        while (offset < 100) {
          const [fetched] = await log.read([at(topic, offset)], { maxRecords: 7 })
          check(fetched !== undefined && fetched.records.length <= 7, 'at most 7 records')
          equal(fetched.latest, 100, 'the end')
          for (const { value } of fetched.records) seen.push(text(value))
          check(fetched.nextOffset > offset, 'to get on')
          offset = fetched.nextOffset
        }
        equal(
          seen,
          Array.from({ length: 67 }, (_, i) => `${33 + i}`),
          'the values',
        )
      }),
    )

    test(
      'keeps to about maxBytes, and gives something however small that is',
      withLog(open, async (log) => {
        const topic = unique('bytes')
        await log.createTopic({ name: topic, partitions: 2 })
        for (let i = 0; i < 20; i++)
          await log.append(topic, [{ partition: i % 2, value: 'x'.repeat(10_000) }])
        await endsAt(log, topic, 10, 1)
        const positions = [at(topic, 0, 0), at(topic, 0, 1)]
        const some = await log.read(positions, { maxBytes: 30_000 })
        const count = some.reduce((sum, { records }) => sum + records.length, 0)
        check(count >= 1 && count <= 8, `about 3 records of 10 KB, and got ${count}`)
        check((await log.read(positions, { maxBytes: 1 })).length >= 1, 'something')
      }),
    )

    test(
      'leaves out positions without records, and gets round to all that have some',
      withLog(open, async (log) => {
        const topic = unique('positions')
        await log.createTopic({ name: topic, partitions: 3 })
        await log.append(topic, [
          { partition: 1, value: 'x'.repeat(5000) },
          { partition: 2, value: 'y'.repeat(5000) },
        ])
        equal(await log.read([at(topic, 0, 0)]), [], 'what there is')
        const positions = [at(topic, 0, 0), at(topic, 0, 1), at(topic, 0, 2)]
        const seen = new Set<number>()
        // One of several brokers may be slow.
        await eventually('both partitions to be read', async () => {
          for (const { partition, records } of await log.read(positions, { maxBytes: 100 }))
            if (records.length > 0) seen.add(partition)
          return seen.size === 2
        })
      }),
    )

    test(
      'waits for what is not there yet, and not for ever',
      withLog(open, async (log) => {
        const topic = unique('wait')
        await log.createTopic({ name: topic, partitions: 1 })
        equal(await log.read([at(topic, 0)], { waitMs: 20 }), [], 'what there is')
        const reading = log.read([at(topic, 0)], { waitMs: 20_000 })
        await log.append(topic, [{ value: 'awaited' }])
        const [fetched] = await reading
        equal(
          fetched?.records.map(({ value }) => text(value)),
          ['awaited'],
          'what came',
        )
        const abort = new AbortLike()
        const aborted = log.read([at(topic, 1)], { waitMs: 60_000, signal: abort })
        abort.abort()
        equal(await aborted, [], 'the answer to a wait that was ended')
      }),
    )

    test(
      'outside of what is kept is refused, and says what is',
      withLog(open, async (log) => {
        const topic = unique('range')
        await log.createTopic({ name: topic, partitions: 1 })
        await log.append(topic, [{ value: 'a' }, { value: 'b' }])
        const info = await throws('HEDDLE_LOG_OFFSET_OUT_OF_RANGE', () => log.read([at(topic, 3)]))
        equal([info.earliest, info.latest], [0, 2], 'the range')
        await throws('HEDDLE_LOG_OFFSET_OUT_OF_RANGE', () => log.read([at(topic, -1)]))
        await throws('HEDDLE_LOG_UNKNOWN_TOPIC', () => log.read([at(topic, 0, 9)]))
      }),
    )

    test(
      'finds the first offset of a time, though timestamps go up and down',
      withLog(open, async (log) => {
        const topic = unique('time')
        await log.createTopic({ name: topic, partitions: 1 })
        for (const timestamp of [1000, 3000, 2000, 2500, 5000, 4000])
          await log.append(topic, [{ value: 'x', timestamp }])
        const found: number[] = []
        for (const time of [0, 1000, 1001, 3000, 3001, 5000, 5001])
          found.push(await log.offsetAt({ topic, partition: 0 }, time))
        equal(found, [0, 0, 1, 1, 4, 4, 6], 'the offsets')
      }),
    )

    test(
      'goes on while others append',
      withLog(open, async (log) => {
        const topic = unique('tail')
        await log.createTopic({ name: topic, partitions: 1 })
        const seen: (string | null)[] = []
        const reading = (async () => {
          for (let offset = 0; offset < 300;) {
            const [fetched] = await log.read([at(topic, offset)], { waitMs: 5000 })
            if (fetched === undefined) continue
            for (const { value } of fetched.records) seen.push(text(value))
            offset = fetched.nextOffset
          }
        })()
        for (let i = 0; i < 100; i++)
          await log.append(topic, [
            { value: `${3 * i}` },
            { value: `${3 * i + 1}` },
            { value: `${3 * i + 2}` },
          ])
        await reading
        equal(
          seen,
          Array.from({ length: 300 }, (_, i) => `${i}`),
          'the values',
        )
      }),
    )
  })
}

/** An AbortSignal that is its own controller; core has no types of the runtime's. */
class AbortLike {
  aborted = false
  readonly #listeners = new Set<() => void>()

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  abort(): void {
    this.aborted = true
    for (const listener of this.#listeners) listener()
  }
}
