/**
 * The thread of a restore: see `bulkLoad`.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { errorMessage } from '@heddle/core'
import { decodeBatches } from '../wire/record-batch.ts'
import type { LoadAnswer, LoadData, LoadMessage } from './bulk-load.ts'
import { LocalCopy, keyPrefix } from './local-copy.ts'
import { SortedRun } from './sorted-run.ts'

const { path, from, bufferBytes } = workerData as LoadData
const run = new SortedRun(bufferBytes, keyPrefix)
const copy = LocalCopy.find(path)
/** What the copy has. */
let written = from
/** What the run leads up to. */
let gathered = from
const none = Buffer.alloc(0)

const answer = (message: LoadAnswer): void => parentPort!.postMessage(message)

/** Writes the run into the copy, with the place that it leads to. */
function write(at: number): void {
  if (copy === undefined) throw new Error(`${path} is gone`)
  const there = copy.write(written, gathered, at, (tree) => {
    const empty = [...tree.getKeys({ start: keyPrefix, limit: 1 })].length === 0
    for (const [stored, value] of run.sorted()) {
      // An empty tree is filled from its end on, without looking for the place of each.
      if (value !== null) tree.putSync(stored, value, empty ? { append: true } : {})
      else if (!empty) tree.removeSync(stored)
    }
  })
  if (!there) throw new Error(`${path} was made anew by another process`)
  written = gathered
  run.clear()
}

function take({
  batches,
  from: start,
  to,
  aborted,
  at,
}: Exclude<LoadMessage, { readonly end: number }>): void {
  const buffer = Buffer.from(batches.buffer, batches.byteOffset, batches.byteLength)
  const { records, nextOffset } = decodeBatches(buffer, start, aborted, Number.POSITIVE_INFINITY)
  if (nextOffset < to) throw new Error(`the changelog is damaged at offset ${nextOffset}`)
  for (const { key, value, offset } of records) {
    if (run.add(key ?? none, value)) continue
    gathered = offset
    write(at)
    // One that is larger than all that may be gathered is written by itself.
    if (!run.add(key ?? none, value)) {
      copy!.apply([[key ?? none, value]], offset, offset + 1, at)
      written = offset + 1
    }
  }
  gathered = to
  answer({ taken: to, records: records.length, bytes: buffer.length })
}

parentPort!.on('message', (message: LoadMessage) => {
  try {
    if ('batches' in message) return take(message)
    write(message.end)
    void copy!.release().then(() => answer({ done: true }))
  } catch (error) {
    answer({ error: { message: errorMessage(error) } })
  }
})
