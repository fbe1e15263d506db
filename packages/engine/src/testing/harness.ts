import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Event, type EventInit, type Log, event, fromRecord, toRecord } from '@heddle/core'

/** How long a test waits for what must come, in milliseconds. */
const patienceMs = 20_000

/** A folder for a log, and what tests do with logs. */
export class Harness {
  readonly path = mkdtempSync(join(tmpdir(), 'heddle-engine-'))

  /** Removes the folder; its log has to be closed. */
  remove(): void {
    rmSync(this.path, { recursive: true })
  }
}

/** Publishes events of type `test`, in one append. The topic is made if it is missing. */
export async function publish(
  log: Log,
  topic: string,
  events: readonly Partial<EventInit>[],
  partitions = 2,
): Promise<void> {
  if (!(await log.describeTopic(topic))) await log.createTopic({ name: topic, partitions })
  await log.append(
    topic,
    events.map((each) => toRecord(event({ type: 'test', source: '/test', ...each }))),
  )
}

/** Events of a topic, as soon as there are `count`; fails when they do not come. */
export async function read(log: Log, topic: string, count: number): Promise<Event[]> {
  const found: Event[] = []
  const positions = (await log.partitions(topic)).map(({ partition, earliest }) => ({
    topic,
    partition,
    offset: earliest,
  }))
  const giveUp = AbortSignal.timeout(patienceMs)
  while (found.length < count) {
    if (giveUp.aborted) throw new Error(`${found.length} of ${count} events in '${topic}'`)
    for (const part of await log.read(positions, { waitMs: 100, signal: giveUp })) {
      positions.find(({ partition }) => partition === part.partition)!.offset = part.nextOffset
      for (const record of part.records) found.push(fromRecord(record, part))
    }
  }
  return found
}

/** Waits until something is true; fails when it does not become so. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = AbortSignal.timeout(patienceMs)
  while (!(await holds())) {
    if (giveUp.aborted) throw new Error(`it did not come to be: ${what}`)
    await new Promise(setImmediate)
  }
}
