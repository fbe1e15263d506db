import { type Event, type Log, event, fromRecord, toRecord } from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { start, withFolder } from '../log/processes.ts'

const kills = 20
const partitions = 3
const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const began = 1_700_000_000_000
/** Event time goes on by this much with each event, in milliseconds. */
const step = 7

interface Number {
  readonly key: string
  readonly n: number
  readonly before: number
}

async function readAll(log: Log, topic: string): Promise<Event[]> {
  const found: Event[] = []
  for (const { partition, earliest } of await log.partitions(topic)) {
    for (let offset = earliest; ;) {
      const [part] = await log.read([{ topic, partition, offset }], { maxBytes: 2 ** 24 })
      if (!part) break
      for (const record of part.records) found.push(fromRecord(record, part))
      offset = part.nextOffset
    }
  }
  return found
}

const size = async (log: Log, topic: string): Promise<number> => {
  if (!(await log.describeTopic(topic))) return 0
  return (await log.partitions(topic)).reduce((sum, { latest }) => sum + latest, 0)
}

test(`an engine is killed ${kills} times under traffic: nothing is lost, and exactly once is exactly once`, () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 'numbers', partitions })
    let n = 0
    const publish = async (count: number): Promise<void> => {
      const events = Array.from({ length: count }, () => {
        const key = keys[(n * 31) % keys.length]!
        const time = new Date(began + n * step).toISOString()
        return event({ type: 'number', source: '/e2e', partitionkey: key, time, data: { key, n: n++ } })
      })
      await log.append('numbers', events.map(toRecord))
    }

    for (let kill = 0; kill < kills; kill++) {
      const worker = start('../engine/worker.ts', { path })
      await worker.until((said) => said.length > 0)
      // At another place each time: as soon as something, or much, has come out.
      const before = await size(log, 'counted')
      const goal = before + ((kill * 37) % 90)
      while ((await size(log, 'counted')) <= goal) await publish(20)
      await worker.kill()
    }

    // What closes the last windows, in every partition.
    const last = event({ type: 'number', time: new Date(began + n * step + 60_000).toISOString(), data: {} })
    const worker = start('../engine/worker.ts', { path })
    await worker.until((said) => said.length > 0)
    await log.append(
      'numbers',
      Array.from({ length: partitions }, (_, partition) => ({
        ...toRecord({ ...last, id: `last-${partition}`, data: { key: 'last', n: -1 - partition } }),
        partition,
      })),
    )
    const total = n + partitions
    const expected = expectedWindows(n)
    while (
      (await size(log, 'counted')) < total ||
      (await size(log, 'copied')) < total ||
      (await size(log, 'windows')) < expected.size
    )
      await new Promise(setImmediate)
    // Copies that come again come before the commit behind them.
    const copies = await readAll(log, 'copied')
    await worker.kill()

    const numbers = (await readAll(log, 'numbers')).map(({ data }) => data as Number)
    for (const key of keys) {
      const ofKey = numbers.filter((each) => each.key === key).map((each) => each.n)
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
    }
    const counted = (await readAll(log, 'counted')).map(({ data }) => data as Number)
    expect(counted).toHaveLength(total)
    expect(new Set(counted.map((each) => each.n)).size).toBe(total)
    for (const key of keys) {
      const ofKey = counted.filter((each) => each.key === key)
      expect(ofKey.map(({ before }) => before)).toEqual(ofKey.map((_, index) => index))
      expect(ofKey.map((each) => each.n)).toEqual(ofKey.map((each) => each.n).toSorted((a, b) => a - b))
    }

    const windows = (await readAll(log, 'windows')).map(
      ({ data }) => data as { key: string; window: { start: number }; value: number },
    )
    expect(windows.map(({ key, window }) => `${key}/${window.start}`).toSorted()).toEqual(
      [...expected.keys()].toSorted(),
    )
    for (const { key, window, value } of windows) expect(value).toBe(expected.get(`${key}/${window.start}`))

    expect(new Set(copies.map(({ data }) => (data as Number).n)).size).toBe(total)
    // The same event has the same id whenever it comes again.
    expect(new Set(copies.map(({ id }) => id)).size).toBe(total)
    await log.close()
  }))

/** How many events each key has in each window of a second, recounted from what was published. */
function expectedWindows(count: number): Map<string, number> {
  const windows = new Map<string, number>()
  for (let n = 0; n < count; n++) {
    const place = `${keys[(n * 31) % keys.length]!}/${Math.floor((began + n * step) / 1000) * 1000}`
    windows.set(place, (windows.get(place) ?? 0) + 1)
  }
  return windows
}
