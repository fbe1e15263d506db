import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openEmbeddedLog } from './embedded-log.ts'
import { step, walk } from './testing/log-model.ts'
import { withFolder } from './testing/with-folder.ts'

let made = 0

test('after any interleaving of appends, transactions, restarts, retention and reads, what was acknowledged is there, once, in order', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) =>
    withFolder((path) => walk(path, steps)),
  )
  await expect(fc.assert(property, { numRuns: 30 })).resolves.toBeUndefined()
}, 60_000)

test('after any appends and compactions, the last of each key is there, in order', async () => {
  const write = fc.record({
    key: fc.integer({ min: 0, max: 5 }),
    gone: fc.boolean(),
    compact: fc.boolean(),
    reopen: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 40 }), (writes) =>
      withFolder(async (path) => {
        const settings = { path, maintenanceMs: 0, maxBatchBytes: 200 }
        let log = await openEmbeddedLog(settings)
        await log.createTopic({ name: 't', partitions: 1, compaction: true })
        const last = new Map<string, { offset: number; value: string | null }>()
        for (const { key, gone, compact, reopen } of writes) {
          const value = gone ? null : `v${++made}`
          const [answer] = await log.append('t', [{ key: `k${key}`, value }])
          last.set(`k${key}`, { offset: answer!.offset, value })
          if (compact) await log.maintain()
          if (!reopen) continue
          await log.close()
          log = await openEmbeddedLog(settings)
        }
        await log.maintain()
        const found = new Map<string, { offset: number; value: string | null }>()
        let previous = -1
        for (let offset = 0; offset < writes.length;) {
          const [fetched] = await log.read([{ topic: 't', partition: 0, offset }])
          for (const { offset: at, key, value } of fetched!.records) {
            expect(at).toBeGreaterThan(previous)
            previous = at
            expect(found.has(String(key))).toBe(false)
            found.set(String(key), { offset: at, value: value === null ? null : String(value) })
          }
          offset = fetched!.nextOffset
        }
        expect(found).toEqual(last)
        await log.close()
      }),
    ),
    { numRuns: 30 },
  )
}, 60_000)
