import type { CommittedOffset, Log, LogRecord, Position, RecordInput } from '../../ports/log.ts'
import { eventually } from '../assert.ts'

/** What a log contract is run on. */
export interface LogUnderTest {
  readonly log: Log
  /** Closes the log and opens it anew, as after a restart. */
  reopen(): Promise<Log>
  /**
   * Opens the same log as another machine does, which has nothing of its own yet. Without it, what processes see of each other is not
   * tested. Whoever opens it closes it, before this one.
   */
  elsewhere?(): Promise<Log>
  /** Lets go of the log, the current one, and of all that it kept. */
  close(): Promise<void>
  /** Makes retention and compaction happen now. Without it, what they do is not tested. */
  maintain?(): Promise<void>
}

export type OpenLog = () => Promise<LogUnderTest>

/** Runs `use` on a fresh log. */
export const withLog =
  (open: OpenLog, use: (log: Log, under: LogUnderTest) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const under = await open()
    try {
      await use(under.log, under)
    } finally {
      await under.close()
    }
  }

let made = 0

/** A name that no other test uses: a broker outlives them. */
export const unique = (what: string): string => `${what}-${Date.now().toString(36)}-${made++}`

const decoder = new TextDecoder()

export const text = (bytes: Uint8Array | null | undefined): string | null =>
  bytes == null ? null : decoder.decode(bytes)

export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

/** An event as a record, with an identity. */
export const identified = (id: string, value = id): RecordInput => ({
  value,
  headers: [
    ['ce_specversion', '1.0'],
    ['ce_id', id],
    ['ce_source', '/contract'],
    ['ce_type', 'test'],
  ],
})

/** Reads a partition to its end. */
export async function readAll(log: Log, topic: string, partition = 0, from = 0): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  let offset = from
  for (;;) {
    const [fetched] = await log.read([{ topic, partition, offset }])
    if (fetched === undefined) return records
    records.push(...fetched.records)
    offset = fetched.nextOffset
  }
}

/** All values of a topic, by partition. */
export async function valuesOf(log: Log, topic: string): Promise<(string | null)[][]> {
  const partitions = await log.partitions(topic)
  const values: (string | null)[][] = []
  for (const { partition, earliest } of partitions) {
    const records = await readAll(log, topic, partition, earliest)
    values.push(records.map(({ value }) => text(value)))
  }
  return values
}

/** Waits until a partition ends at `latest`. */
export const endsAt = (log: Log, topic: string, latest: number, partition = 0): Promise<true> =>
  eventually(`${topic}/${partition} to end at ${latest}`, async () => {
    const found = (await log.partitions(topic))[partition]
    return found?.latest === latest
  })

export const at = (topic: string, offset: number, partition = 0): Position => ({ topic, partition, offset })

export const offsetAt = (topic: string, offset: number, metadata?: string): CommittedOffset =>
  metadata === undefined ? at(topic, offset) : { ...at(topic, offset), metadata }
