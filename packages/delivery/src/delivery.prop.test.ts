import type { Delivered } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openBench } from './bench.fixture.ts'

/** What happens, one after the other. Indexes choose among the leases that are held. */
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('publish'), key: fc.constantFrom('a', 'b', 'c') } as const),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('take'), max: fc.integer({ min: 1, max: 5 }) } as const),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ack'), at: fc.nat(20) } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('nack'), at: fc.nat(20), wait: fc.constantFrom(0, 400) } as const),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), at: fc.nat(20) } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 300, 1_500) } as const),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash') } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart') } as const) },
)

test('nothing is lost, nothing that was acked comes again, and each key keeps its order, over crashes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
      fc.record({ window: fc.constantFrom(3, 1_000), idleMs: fc.constantFrom(200, 1e9) }),
      async (steps, settings) => {
        const bench = await openBench(settings)
        try {
          await bench.log.createTopic({ name: 'in', partitions: 2 })
          const retry = { attempts: 0, initialMs: 100, factor: 1, maxMs: 100, jitter: 0 }
          await bench.delivery.create('s', { topics: ['in'], leaseMs: 1_000, retry })
          const open = new Map<string, string[]>(['a', 'b', 'c'].map((key) => [key, []]))
          let held: Delivered[] = []
          let count = 0

          const see = (given: readonly Delivered[]): void => {
            for (const one of given) {
              const { id, partitionkey } = one.event
              // The first of its key that is not done: no other is out, nothing was lost, nothing comes twice.
              expect(id).toBe(open.get(partitionkey!)![0])
              held.push(one)
            }
          }
          const settle = async (
            at: number,
            as: 'ack' | 'nack' | 'release',
            delayMs?: number,
          ): Promise<void> => {
            const [one] = held.splice(at % Math.max(1, held.length), 1)
            if (!one) return
            const lost = await bench.delivery.settle('s', [
              as === 'nack' ? { lease: one.lease, as, delayMs: delayMs! } : { lease: one.lease, as },
            ])
            expect(lost).toEqual(one.leasedUntil > bench.clock.now() ? [] : [one.lease])
            const done = as === 'ack' && lost.length === 0
            if (done) open.get(one.event.partitionkey!)!.shift()
          }

          for (const one of steps) {
            switch (one.do) {
              case 'publish': {
                const id = `${count++}`
                open.get(one.key)!.push(id)
                await bench.publish('in', { id, type: 'x', partitionkey: one.key })
                break
              }
              case 'take':
                see(await bench.take('s', one.max))
                break
              case 'ack':
              case 'release':
                await settle(one.at, one.do)
                break
              case 'nack':
                await settle(one.at, 'nack', one.wait)
                break
              case 'wait':
                await bench.advance(one.ms)
                break
              case 'crash':
                held = []
                await bench.crash()
                break
              case 'restart':
                held = []
                await bench.restart()
            }
          }

          // All that is left comes out, in order.
          held = []
          for (let round = 0; round < 200 && [...open.values()].some(({ length }) => length > 0); round++) {
            await bench.advance(1_100)
            see(await bench.take('s', 100))
            while (held.length > 0) await settle(0, 'ack')
          }
          expect([...open.values()]).toEqual([[], [], []])
        } finally {
          await bench.close()
        }
      },
    ),
    { numRuns: 50 },
  )
}, 60_000)
