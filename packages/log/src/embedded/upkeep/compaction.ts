/**
 * Compaction: of each key the last record stays. A partition is read twice, once to learn where each key was last, once
 * to write the batches anew that hold something older; small neighbours become one batch on the way.
 *
 * It runs in small transactions between the appends. A reader sees a partition in which some batches are compacted and
 * others not yet, which is as good as either; what it has read stays as it is.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { Batch, BatchDamage } from '../batch/batch.ts'
import { type Remainder, rewrite } from '../batch/rewrite.ts'
import { publish } from '../channels.ts'
import type { Committer } from '../commit/committer.ts'
import type { WriteTransaction } from '../commit/write-transaction.ts'
import { baseOffsetOf, batchKey, headKey, nameKey } from '../keys.ts'
import type { Settings } from '../options.ts'
import { decodeHead } from '../partition-head.ts'
import { type ProcessIdentity, isGone, ownProcess } from '../process-identity.ts'
import { batchesFrom } from '../seek.ts'
import type { Partition } from '../topic/topic.ts'
import type { Tree } from '../tree.ts'

/** Bytes that are read before others get a turn. */
const chunkBytes = 4 * 2 ** 20

/** Less than this is not worth a pass. */
const leastDirtyBytes = 2 ** 20

interface Context {
  readonly tree: Tree
  readonly committer: Committer
  readonly settings: Settings
}

/** Neighbouring batches that one batch is to stand for. */
interface Run {
  readonly remainders: Remainder[]
  bytes: number
}

/**
 * Compacts a partition, when at least a third of it has not been yet, or when `force` is set. Another process that is at
 * it is left alone.
 */
export async function compact(context: Context, partition: Partition, force: boolean): Promise<void> {
  const { tree, committer, settings } = context
  tree.resetReadTxn()
  const head = decodeHead(tree.get(headKey(partition.topic.id, partition.index)))
  const dirtyBytes = head.bytes - head.cleanBytes
  if (!force && dirtyBytes < Math.max(leastDirtyBytes, head.cleanBytes / 2)) return
  if (!(await committer.run((transaction) => claim(transaction, partition)))) return
  const began = settings.clock.now()
  try {
    const { last, until, records } = await survey(context, partition)
    const kept = await sweep(context, partition, until, last)
    const { bytesAfter } = await committer.run((transaction) => {
      const now = transaction.head(partition)
      if (!partition.topic.deleted)
        transaction.setHead(partition, {
          ...now,
          cleanedTo: until,
          cleanBytes: Math.max(0, now.bytes - kept.dirty),
        })
      return { bytesAfter: now.bytes }
    })
    publish('heddle:log:compaction', () => ({
      path: settings.path,
      topic: partition.topic.name,
      partition: partition.index,
      recordsBefore: records,
      recordsAfter: kept.records,
      bytesBefore: head.bytes,
      bytesAfter,
      ms: settings.clock.now() - began,
    }))
  } finally {
    await committer.run((transaction) => transaction.remove(claimKey(partition)))
  }
}

const claimKey = ({ topic, index }: Partition): Buffer => nameKey('meta', `compacting/${topic.id}/${index}`)

/** Two processes at one partition would undo each other's work. */
function claim(transaction: WriteTransaction, partition: Partition): boolean {
  const stored = transaction.tree.get(claimKey(partition))
  if (stored !== undefined && !isGone(JSON.parse(stored.toString()) as ProcessIdentity)) return false
  transaction.put(claimKey(partition), Buffer.from(JSON.stringify(ownProcess)))
  return true
}

/** Batches of a partition from the first on; a damaged one as `undefined`. Lets others have a turn between chunks. */
async function* batches(
  { tree }: Context,
  { topic, index }: Partition,
): AsyncGenerator<readonly [baseOffset: number, batch: Batch | undefined]> {
  let next = 0
  for (;;) {
    const chunk: [number, Batch | undefined][] = []
    let bytes = 0
    tree.resetReadTxn()
    for (const { key, value } of tree.getRange(batchesFrom(topic.id, index, next))) {
      const base = baseOffsetOf(key)
      chunk.push([base, readable(value)])
      next = base + 1
      bytes += value.length
      if (bytes >= chunkBytes) break
    }
    if (chunk.length === 0) return
    yield* chunk
    await turn()
  }
}

function readable(bytes: Buffer): Batch | undefined {
  try {
    return Batch.read(bytes)
  } catch (error) {
    if (error instanceof BatchDamage) return undefined
    throw error
  }
}

/** Where each key stands last, and up to where may be compacted: what can still be a duplicate must stay as it is. */
async function survey(
  context: Context,
  partition: Partition,
): Promise<{ last: Map<string, number>; until: number; records: number }> {
  const deduped = context.settings.clock.now() - partition.topic.info.dedupe.ms
  const last = new Map<string, number>()
  let until = 0
  let records = 0
  for await (const [, batch] of batches(context, partition)) {
    if (batch === undefined) continue
    if (batch.identified && batch.appendedAt >= deduped) break
    for (const record of batch.records()) last.set(keyOf(record.key), record.offset)
    records += batch.count
    until = batch.nextOffset
  }
  return { last, until, records }
}

/** Topics can become compacted after records without a key were appended: those count as one key. */
function keyOf(key: Uint8Array | null): string {
  return key === null ? '' : `k${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`
}

/** Writes anew what holds something older than `last`, up to `until`. */
async function sweep(
  context: Context,
  partition: Partition,
  until: number,
  last: ReadonlyMap<string, number>,
): Promise<{ records: number; dirty: number }> {
  const { settings } = context
  const oldestTombstone = settings.clock.now() - settings.tombstoneMs
  let run: Run = { remainders: [], bytes: 0 }
  let records = 0
  let dirty = 0
  const flush = async (): Promise<void> => {
    await replace(context, partition, run)
    run = { remainders: [], bytes: 0 }
  }
  for await (const [base, batch] of batches(context, partition)) {
    if (base >= until) dirty += batch?.bytes.length ?? 0
    // A damaged batch stays where it is, for whoever can still get something out of it.
    if (base >= until || batch === undefined) {
      await flush()
      continue
    }
    const kept = batch.records().filter(({ key, value, offset }) => {
      if (last.get(keyOf(key)) !== offset) return false
      return value !== null || batch.appendedAt >= oldestTombstone
    })
    records += kept.length
    const bytes = (batch.bytes.length * kept.length) / batch.count
    if (run.bytes + bytes > settings.maxBatchBytes) await flush()
    run.remainders.push({ batch, kept })
    run.bytes += bytes
  }
  await flush()
  return { records, dirty }
}

/** Puts one batch in the place of a run, unless that would change nothing, or retention was here first. */
async function replace({ committer }: Context, partition: Partition, run: Run): Promise<void> {
  const { remainders } = run
  const [first] = remainders
  if (first === undefined) return
  if (remainders.length === 1 && first.kept.length === first.batch.count) return
  const { topic, index } = partition
  const made = rewrite(remainders)
  await committer.run((transaction) => {
    const head = transaction.head(partition)
    if (topic.deleted || head.earliest > first.batch.baseOffset) return
    let bytes = made?.length ?? 0
    for (const { batch } of remainders) {
      transaction.remove(batchKey(topic.id, index, batch.baseOffset))
      bytes -= batch.bytes.length
    }
    if (made !== undefined) transaction.put(batchKey(topic.id, index, first.batch.baseOffset), made)
    transaction.bytes += bytes
    transaction.setHead(partition, { ...head, bytes: head.bytes + bytes })
  })
}
