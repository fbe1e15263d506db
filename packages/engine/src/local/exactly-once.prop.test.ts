import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bolt, type State, type Topology, fromTopic, toTopic, topic, topology } from '@heddle/core'
import { openEmbeddedLog } from '@heddle/log/embedded'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { publish, read, until } from '../fixtures/harness.ts'
import { localEngine } from './local-engine.ts'

interface Counted {
  readonly key: string
  readonly count: number
}

const counting = (parallelism: number, maxPending: number): Topology => {
  const t = topology.graph('t', { guarantee: 'exactly-once', commitInterval: '2ms', maxPending })
  const source = t.spout('in', fromTopic<string>('in'), { fields: ['key'], parallelism })
  const count: { create: () => Bolt<{ key: string }, { value: Counted }> } = {
    create: () => {
      let state: State
      return {
        open: (context) => void ({ state } = context),
        async execute({ values: { key } }, out) {
          if (key === 'slow') await new Promise(setImmediate)
          const value = { key, count: (state.get<number>(key) ?? 0) + 1 }
          state.put(key, value.count)
          out.emit({ value })
        },
      }
    },
  }
  const counts = t.bolt('count', count, { fields: ['value'], parallelism }).fields(source, 'key')
  t.bolt('out', toTopic(topic('out', { partitions: 1 }))).shuffle(counts)
  return t
}

/** One life of the engine: what comes in meanwhile, and how it ends. */
const life = fc.record({
  keys: fc.array(fc.constantFrom('a', 'b', 'c', 'slow'), { maxLength: 60 }),
  parallelism: fc.integer({ min: 1, max: 4 }),
  maxPending: fc.integer({ min: 1, max: 50 }),
  /** Turns of the event loop until it ends; without a word, as in a crash, or by draining. */
  turns: fc.integer({ min: 0, max: 60 }),
  crash: fc.boolean(),
})

test('counts are those of a recount, wherever it crashed and however many tasks there were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 5 }), async (lives) => {
      const path = mkdtempSync(join(tmpdir(), 'heddle-engine-'))
      const log = await openEmbeddedLog({ path })
      try {
        await log.createTopic({ name: 'in', partitions: 3 })
        const all: string[] = []
        for (const { keys, parallelism, maxPending, turns, crash } of lives) {
          const engine = localEngine({ log, drainMs: crash ? 0 : 10_000 })
          await engine.submit(counting(parallelism, maxPending))
          if (keys.length > 0)
            await publish(
              log,
              'in',
              keys.map((key) => ({ data: key, partitionkey: key })),
            )
          all.push(...keys)
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
          await engine.close()
        }
        const engine = localEngine({ log })
        await engine.submit(counting(2, 1000))
        const out = (await read(log, 'out', all.length)).map(({ data }) => data as Counted)
        await until('all is done', async () => (await engine.metrics('t')).lag === 0)
        await engine.close()
        expect((await log.partitions('out'))[0]!.latest).toBe(all.length)
        for (const key of new Set(all)) {
          const counts = out.filter((each) => each.key === key).map(({ count }) => count)
          expect(counts).toEqual(counts.map((_, index) => index + 1))
        }
      } finally {
        await log.close()
        rmSync(path, { recursive: true })
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)
