import { closeSync, fdatasyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Log, Position, RecordInput } from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'

const recordBytes = 1024
const batchRecords = 500
const batches = 200
const rounds = 7
const records = batches * batchRecords

/** What one batch is on both sides. Random bytes, so that nothing can be had by compression. */
const values = Array.from({ length: batchRecords }, () => {
  const value = Buffer.alloc(recordBytes)
  crypto.getRandomValues(value)
  return value
})
const batch: readonly RecordInput[] = values.map((value) => ({ value, partition: 0 }))
const rawBatch = Buffer.concat(values)

const conditions = { payload: '1 KB', batch: batchRecords, records: `${records} a round`, partitions: 1 }

export async function run(report: Report): Promise<void> {
  await scratch(async (folder) => {
    await append(report, folder, 1)
    await append(report, folder, 4)
    await read(report, folder)
  })
}

async function append(report: Report, folder: string, inFlight: number): Promise<void> {
  const log = await openEmbeddedLog({ path: join(folder, `append-${inFlight}`) })
  const file = join(folder, 'raw')
  let round = 0
  const measured = await sideBySide(rounds, {
    // A topic of its own for each round, as the raw file is a new one; the space of the last is used again.
    ours: async () => {
      const topic = `round-${round++}`
      await log.createTopic({ name: topic, partitions: 1 })
      const rate = await perSecond(() => appendAll(log, topic, inFlight))
      await log.deleteTopic(topic)
      await log.maintain()
      return rate
    },
    reference: () => perSecond(() => writeRaw(file)),
  })
  await log.close()
  rmSync(file)
  report({
    figure: `embedded append with fsync, ${inFlight === 1 ? 'one batch' : `${inFlight} batches`} under way`,
    unit: 'records/s',
    ...measured,
    atLeast: 0.85,
    conditions: {
      ...conditions,
      fsync: inFlight === 1 ? 'each batch' : 'each group commit',
      rounds: measured.rounds,
      against: 'sequential write + fdatasync of the same bytes, a batch at a time',
    },
  })
}

async function appendAll(log: Log, topic: string, inFlight: number): Promise<void> {
  let left = batches
  const worker = async (): Promise<void> => {
    while (left-- > 0) await log.append(topic, batch)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

function writeRaw(file: string): void {
  const fd = openSync(file, 'w')
  for (let written = 0; written < batches; written++) {
    writeSync(fd, rawBatch)
    fdatasyncSync(fd)
  }
  closeSync(fd)
}

async function read(report: Report, folder: string): Promise<void> {
  const file = join(folder, 'raw')
  writeRaw(file)
  const log = await openEmbeddedLog({ path: join(folder, 'read'), cacheBytes: 0 })
  await log.createTopic({ name: 't', partitions: 1 })
  await appendAll(log, 't', 4)
  const measured = await sideBySide(rounds, {
    ours: () => perSecond(() => readAll(log)),
    reference: () => perSecond(() => readRaw(file)),
  })
  await log.close()
  // 1.0M records/s, or half of what the raw file gives, whichever is lower.
  const wanted = Math.min(1_000_000, measured.reference / 2)
  report({
    figure: 'embedded read',
    unit: 'records/s',
    ...measured,
    atLeast: wanted / measured.reference,
    conditions: {
      ...conditions,
      'wanted, records/s': Math.round(wanted),
      touched: 'offset and value of each record, checksum of each batch',
      cache: 'none of ours; the pages are in memory on both sides',
      rounds: measured.rounds,
      against: 'read() of the same bytes from a raw file, a batch at a time',
    },
  })
}

async function readAll(log: Log): Promise<void> {
  let bytes = 0
  let offset = 0
  while (offset < records) {
    const position: Position = { topic: 't', partition: 0, offset }
    const [fetched] = await log.read([position], { maxBytes: 4 * 2 ** 20 })
    for (const record of fetched!.records) {
      if (record.offset !== offset)
        throw new Error(`offset ${offset} was expected, and ${record.offset} came`)
      bytes += record.value!.length
      offset++
    }
  }
  if (bytes !== records * recordBytes) throw new Error(`${bytes} bytes came`)
}

function readRaw(file: string): void {
  const fd = openSync(file, 'r')
  let bytes = 0
  for (;;) {
    const buffer = Buffer.allocUnsafe(rawBatch.length)
    const count = readSync(fd, buffer)
    if (count === 0) break
    bytes += count
  }
  closeSync(fd)
  if (bytes !== records * recordBytes) throw new Error(`${bytes} bytes came`)
}

/** Records a second of something that handles all of them. */
async function perSecond(handle: () => Promise<void> | void): Promise<number> {
  const began = performance.now()
  await handle()
  return records / ((performance.now() - began) / 1000)
}
