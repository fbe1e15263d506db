import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Appended,
  type Log,
  ManualClock,
  type RecordInput,
  type TopicSpec,
  isHeddleError,
} from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Reach, awayLog } from './away-log.fixture.ts'
import { EventBuffer, type EventBufferOptions } from './event-buffer.ts'

const topic = 'orders'
const timeoutMs = 5_000
const windowMs = 600_000

describe('a buffer', () => {
  let path: string
  let clock: ManualClock
  let inner: Log
  let log: Log & { reach: Reach }
  let open: EventBuffer[]

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'heddle-buffer-'))
    clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'))
    inner = await openMemoryLog({ clock })
    await inner.createTopic({ name: topic, partitions: 3, dedupe: { ms: windowMs, ids: 1000 } })
    log = awayLog(inner)
    open = []
  })
  afterEach(async () => {
    for (const buffer of open) await buffer.close()
    await inner.close()
    rmSync(path, { recursive: true })
  })

  const start = async (options: Partial<EventBufferOptions> = {}): Promise<EventBuffer> => {
    const buffer = await EventBuffer.open({
      path,
      maxBytes: 1e6,
      maxAgeMs: 86_400_000,
      timeoutMs,
      clock,
      watch: () => {},
      ...options,
    })
    open.push(buffer)
    return buffer
  }

  /** Lets what is under way come to its end, and the clock go on meanwhile. */
  const until = async (what: () => boolean | Promise<boolean>, stepMs = 100): Promise<void> => {
    while (!(await what())) {
      await new Promise(setImmediate)
      await clock.advance(stepMs)
    }
  }
  const emptied = (buffer: EventBuffer): Promise<void> => until(() => buffer.waiting().length === 0)

  const eventOf = (id: string, key = 'k'): RecordInput => ({
    key,
    value: id,
    headers: [
      ['ce_source', '/shop'],
      ['ce_id', id],
    ],
  })
  const publish = (buffer: EventBuffer, ...ids: string[]): Promise<readonly Appended[]> =>
    buffer.append(
      topic,
      ids.map((id) => eventOf(id)),
      { dedupe: true },
    )
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'accepted',
      (error: unknown) => (isHeddleError(error) ? error.code : error),
    )
  /** Ids in the topic, in order. */
  const stored = async (): Promise<string[]> => {
    const found: string[] = []
    for (const { partition } of await inner.partitions(topic))
      for (const { records } of await inner.read([{ topic, partition, offset: 0 }]))
        found.push(...records.map(({ value }) => Buffer.from(value!).toString()))
    return found
  }
  const buffered = { partition: -1, offset: -1, buffered: true }

  test('events go by it while the log answers, into it from the first that gets no answer, and to the log in order', async () => {
    const buffer = await start()
    buffer.attach(log)
    expect(await publish(buffer, 'a')).toMatchObject([{ offset: 0 }])
    await until(() => buffer.lastSeen(topic) !== undefined)
    log.reach = 'away'
    expect(await publish(buffer, 'b')).toEqual([buffered])
    expect(await publish(buffer, 'c', 'd')).toEqual([buffered, buffered])
    // It is dropped here as it would be there.
    expect(await publish(buffer, 'b')).toEqual([{ ...buffered, duplicate: true }])
    expect(buffer.waiting()).toMatchObject([{ topic, events: 3 }])
    expect(await codeOf(buffer.append('unknown', [eventOf('x')]))).toBe('HEDDLE_LOG_UNAVAILABLE')
    expect(await stored()).toEqual(['a'])
    log.reach = 'up'
    // Whatever comes now goes behind what waits.
    const later = publish(buffer, 'e')
    await emptied(buffer)
    expect(await later).toEqual([buffered])
    expect(await publish(buffer, 'f')).toMatchObject([{ offset: 5 }])
    expect(await stored()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    // What was never taken in is not made either.
    expect(await inner.describeTopic('unknown')).toBeUndefined()
  })

  test('what was under way goes first, in its order; what the log had taken all the same is not there twice', async () => {
    const buffer = await start()
    buffer.attach(log)
    await until(() => buffer.lastSeen(topic) !== undefined)
    log.reach = 'unanswered'
    const underWay = [publish(buffer, 'a'), publish(buffer, 'b')]
    await until(async () => (await stored()).length === 2, 0)
    log.reach = 'away'
    await clock.advance(timeoutMs)
    const after = publish(buffer, 'c')
    expect(await Promise.all([...underWay, after])).toEqual([[buffered], [buffered], [buffered]])
    // So long that the log itself would not know them any more.
    await clock.advance(3 * windowMs)
    log.reach = 'up'
    await emptied(buffer)
    expect(await stored()).toEqual(['a', 'b', 'c'])
  })

  test('a commit whose answer was lost is not done again, also where the log drops no repeats', async () => {
    await inner.alterTopic(topic, { dedupe: { ms: 0, ids: 0 } })
    const buffer = await start()
    buffer.attach(log)
    await until(() => buffer.lastSeen(topic) !== undefined)
    log.reach = 'away'
    await publish(buffer, 'a', 'b')
    log.reach = 'commit unanswered'
    await until(async () => (await stored()).length === 2)
    log.reach = 'up'
    await emptied(buffer)
    await publish(buffer, 'c')
    expect(await stored()).toEqual(['a', 'b', 'c'])
  })

  test('what waits at a stop, or a kill, is brought to the log after the next start, before anything else', async () => {
    const first = await start()
    first.attach(log)
    await until(() => first.lastSeen(topic) !== undefined)
    log.reach = 'away'
    await publish(first, 'a', 'b')
    const closing = first.close()
    await until(async () => (await Promise.race([closing, Promise.resolve(false)])) === undefined)
    // It begins all the same where less may wait than does.
    const full = await start({ maxBytes: 1 })
    expect(await codeOf(publish(full, 'c'))).toBe('HEDDLE_BUFFER_FULL')
    await full.close()
    open = []
    const second = await start()
    expect(second.waiting()).toMatchObject([{ topic, events: 2 }])
    // The log is not there yet.
    expect(await publish(second, 'c')).toEqual([buffered])
    expect(await codeOf(second.append('unknown', [eventOf('x')]))).toBe('HEDDLE_LOG_UNAVAILABLE')
    log.reach = 'up'
    second.attach(log)
    await emptied(second)
    expect(await stored()).toEqual(['a', 'b', 'c'])
  })

  test('a topic of which nothing waits is ready for the next outage', async () => {
    const buffer = await start({ maxBytes: 30 })
    buffer.expect([{ name: topic }])
    expect(await codeOf(publish(buffer, 'too large for it'))).toBe('HEDDLE_BUFFER_FULL')
    buffer.attach(log)
    expect(await publish(buffer, 'a')).toMatchObject([{ offset: 0 }])
    log.reach = 'away'
    expect(await publish(buffer, 'b')).toMatchObject([buffered])
    log.reach = 'up'
    await emptied(buffer)
    expect(await stored()).toEqual(['a', 'b'])
  })

  test('topics that are expected are taken in before the log has told of any', async () => {
    const buffer = await start()
    const expected: TopicSpec = { name: topic, compaction: true, maxRecordBytes: 2000 }
    buffer.expect([expected])
    expect(await publish(buffer, 'a')).toEqual([buffered])
    expect(await codeOf(buffer.append(topic, [{ value: 'no key' }]))).toBe('HEDDLE_LOG_RECORD_INVALID')
    const large = { ...eventOf('large'), value: 'x'.repeat(3000) }
    expect(await codeOf(buffer.append(topic, [large]))).toBe('HEDDLE_LOG_RECORD_TOO_LARGE')
    expect(buffer.lastSeen(topic)).toBeUndefined()
    buffer.attach(log)
    await emptied(buffer)
    expect(await stored()).toEqual(['a'])
  })

  test('a topic that was deleted meanwhile is made again: what was accepted is not dropped', async () => {
    const buffer = await start()
    buffer.attach(log)
    await until(() => buffer.lastSeen(topic) !== undefined)
    log.reach = 'away'
    await publish(buffer, 'a')
    await inner.deleteTopic(topic)
    log.reach = 'up'
    await emptied(buffer)
    expect(await stored()).toEqual(['a'])
    expect(await inner.describeTopic(topic)).toMatchObject({ partitions: 3, dedupe: { ms: windowMs } })
  })

  test('it takes no more than it may hold, and nothing behind what has waited too long', async () => {
    const buffer = await start({ maxBytes: 100, maxAgeMs: 60_000 })
    buffer.expect([{ name: topic }])
    expect(await codeOf(publish(buffer, 'a'))).toBe('accepted')
    expect(await codeOf(publish(buffer, 'b', 'c', 'd', 'e'))).toBe('HEDDLE_BUFFER_FULL')
    expect(await codeOf(publish(buffer, 'b'))).toBe('accepted')
    await clock.advance(60_001)
    expect(await codeOf(publish(buffer, 'c'))).toBe('HEDDLE_BUFFER_FULL')
    buffer.attach(log)
    await emptied(buffer)
    expect(await codeOf(publish(buffer, 'c'))).toBe('accepted')
    expect(await stored()).toEqual(['a', 'b', 'c'])
  })

  test('it belongs to one process at a time', async () => {
    await start()
    const second = codeOf(
      EventBuffer.open({ path, maxBytes: 1, maxAgeMs: 1, timeoutMs, clock, watch: () => {} }),
    )
    let code: unknown
    void second.then((found) => (code = found))
    await until(() => code !== undefined, 500)
    expect(code).toBe('HEDDLE_LOG_OPEN_FAILED')
  })
})
