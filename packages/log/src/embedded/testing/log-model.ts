/**
 * For tests: a log's contract, said in the simplest way, to compare a real one with.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { ManualClock, type RecordInput } from '@heddle/core'
import fc from 'fast-check'
import { type EmbeddedLog, openEmbeddedLog } from '../embedded-log.ts'

/** What a log must hold, said in the simplest way. */
interface Model {
  /** By partition; `undefined` for a record that retention may have taken. */
  readonly partitions: { readonly values: string[]; readonly times: number[] }[]
  /** Identity → where it was appended first, and when. */
  readonly identities: Map<string, { partition: number; offset: number; time: number }>
  readonly state: Map<string, string>
  now: number
}

const partitions = 2
const retentionMs = 10_000
const dedupeMs = 1_000_000

export type Step =
  | { readonly kind: 'append'; readonly count: number; readonly partition: number }
  | { readonly kind: 'concurrent'; readonly counts: readonly number[] }
  | { readonly kind: 'dedupe'; readonly ids: readonly number[] }
  | {
      readonly kind: 'transaction'
      readonly count: number
      readonly keys: readonly number[]
      readonly abort: boolean
    }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'maintain'; readonly waitMs: number }
  | { readonly kind: 'read'; readonly partition: number; readonly from: number; readonly maxRecords: number }

const count = fc.integer({ min: 1, max: 5 })
const partition = fc.integer({ min: 0, max: partitions - 1 })
export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), count, partition }),
  fc.record({
    kind: fc.constant('concurrent' as const),
    counts: fc.array(count, { minLength: 2, maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('dedupe' as const),
    ids: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant('transaction' as const),
    count,
    keys: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    abort: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('reopen' as const) }),
  fc.record({ kind: fc.constant('maintain' as const), waitMs: fc.integer({ min: 0, max: retentionMs }) }),
  fc.record({
    kind: fc.constant('read' as const),
    partition,
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    maxRecords: fc.integer({ min: 1, max: 10 }),
  }),
)

let made = 0
const fresh = (partition: number): RecordInput => ({ partition, value: `v${made++}` })
const keep = (model: Model, partition: number, offset: number, value: string): void => {
  assert.equal(offset, model.partitions[partition]!.values.length)
  model.partitions[partition]!.values.push(value)
  model.partitions[partition]!.times.push(model.now)
}

/** All that is kept is what was acknowledged, once, in order; what is missing is older than retention keeps. */
async function compare(log: EmbeddedLog, model: Model): Promise<void> {
  for (const { partition, earliest, latest } of await log.partitions('t')) {
    const { values, times } = model.partitions[partition]!
    assert.equal(latest, values.length)
    for (const time of times.slice(0, earliest)) assert.ok(time < model.now - retentionMs)
    const found: string[] = []
    for (let offset = earliest; offset < latest;) {
      const [fetched] = await log.read([{ topic: 't', partition, offset }], { maxBytes: 200 })
      for (const { offset: at, value } of fetched!.records) {
        assert.equal(at, earliest + found.length)
        found.push(String(value))
      }
      offset = fetched!.nextOffset
    }
    assert.deepEqual(found, values.slice(earliest))
  }
  const store = await log.store('s')
  assert.deepEqual(new Map([...store.entries()].map(([key, value]) => [key, String(value)])), model.state)
  assert.equal(store.size(), model.state.size)
}

/** Takes the steps on a log in `path`, and compares with a model what it answers, holds, and holds after a restart. */
export async function walk(path: string, steps: readonly Step[]): Promise<void> {
  const clock = new ManualClock(1_000_000)
  const settings = { path, clock, maintenanceMs: 0, maxBatchBytes: 300 }
  const model: Model = {
    partitions: Array.from({ length: partitions }, () => ({ values: [], times: [] })),
    identities: new Map(),
    state: new Map(),
    now: clock.now(),
  }
  let log = await openEmbeddedLog(settings)
  await log.createTopic({
    name: 't',
    partitions,
    retention: { ms: retentionMs },
    dedupe: { ms: dedupeMs, ids: 1000 },
  })
  const append = async (records: readonly RecordInput[]): Promise<void> => {
    const answers = await log.append('t', records)
    for (const [i, { partition, offset }] of answers.entries())
      keep(model, partition, offset, String(records[i]!.value))
  }
  for (const step of steps) {
    switch (step.kind) {
      case 'append':
        await append(Array.from({ length: step.count }, () => fresh(step.partition)))
        break
      case 'concurrent':
        await Promise.all(
          step.counts.map((count, i) => append(Array.from({ length: count }, () => fresh(i % partitions)))),
        )
        break
      case 'dedupe': {
        const records = step.ids.map((id) => ({
          value: `id${id}-${made++}`,
          headers: [
            ['ce_source', '/s'],
            ['ce_id', `${id}`],
          ] as const,
        }))
        const answers = await log.append('t', records, { dedupe: true })
        for (const [i, { partition, offset, duplicate }] of answers.entries()) {
          const id = `${step.ids[i]}`
          const known = model.identities.get(id)
          if (duplicate)
            assert.deepEqual({ partition, offset }, { partition: known?.partition, offset: known?.offset })
          else {
            // It may have been forgotten with its record, and with nothing else.
            if (known !== undefined) assert.ok(known.time < model.now - retentionMs)
            keep(model, partition, offset, records[i]!.value)
            model.identities.set(id, { partition, offset, time: model.now })
          }
        }
        break
      }
      case 'transaction': {
        const store = await log.store('s')
        const transactor = await log.transactor('x')
        const transaction = transactor.begin()
        const before = model.partitions[0]!.values.length
        const records = Array.from({ length: step.count }, () => fresh(0))
        transaction.append('t', records)
        const value = `s${made++}`
        for (const [i, key] of step.keys.entries())
          transaction.put(store, `k${key}`, i === 2 ? null : Buffer.from(value))
        if (step.abort) await transaction.abort()
        else {
          await transaction.commit()
          for (const [i, record] of records.entries()) keep(model, 0, before + i, String(record.value))
          for (const [i, key] of step.keys.entries())
            if (i === 2) model.state.delete(`k${key}`)
            else model.state.set(`k${key}`, value)
        }
        await transactor.close()
        break
      }
      case 'reopen':
        await log.close()
        log = await openEmbeddedLog(settings)
        break
      case 'maintain':
        await clock.advance(step.waitMs)
        model.now = clock.now()
        await log.maintain()
        break
      case 'read': {
        const info = (await log.partitions('t'))[step.partition]!
        const offset = info.earliest + Math.floor(step.from * (info.latest - info.earliest))
        const [fetched] = await log.read([{ topic: 't', partition: step.partition, offset }], {
          maxRecords: step.maxRecords,
        })
        const wanted = model.partitions[step.partition]!.values.slice(offset, offset + step.maxRecords)
        assert.deepEqual(
          (fetched?.records ?? []).map(({ value }) => String(value)),
          wanted,
        )
        break
      }
    }
  }
  await compare(log, model)
  await log.close()
  const again = await openEmbeddedLog(settings)
  await compare(again, model)
  await again.close()
}
