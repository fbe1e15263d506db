import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openScheduleBench } from './bench.fixture.ts'

const wait = fc.constantFrom(0, 1, 700, 5_000, 40_000)

/** What happens, one after the other. Indexes choose among the schedules that were made. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add'), ms: wait } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('repeat'),
      ms: fc.constantFrom(500, 3_000),
      times: fc.integer({ min: 1, max: 4 }),
    } as const),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel'), which: fc.nat(50) } as const) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move'), which: fc.nat(50), ms: wait } as const) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait'), ms: wait } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away'), ms: wait } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash') } as const) },
  // In the middle of something.
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cut'), ms: wait, turns: fc.nat(12) } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault'),
      ms: wait,
      faults: fc.array(fc.constantFrom('fails', 'answer-lost', undefined), { maxLength: 6 }),
    } as const),
  },
)

interface Made {
  readonly id: string
  readonly event: string
  /** When it is due first, in any case not before. */
  at: number
  readonly times: number
  /** How often it had been sent when its cancel was acknowledged. */
  cancelled?: number
}

test('each is sent as often as it should be, never before it is due, and never after its cancel was acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
      fc.record({ partitions: fc.constantFrom(1, 3), batch: fc.constantFrom(1, 3, 1_000) }),
      async (steps, settings) => {
        const bench = await openScheduleBench(settings)
        try {
          const made: Made[] = []
          const wrong: string[] = []
          const { clock } = bench
          const sentOf = async ({ id }: Made): Promise<{ at: number; due: number }[]> => {
            const [fetched] = await bench.log.read([{ topic: 'out', partition: 0, offset: 0 }])
            const events = await bench.sent()
            return events.flatMap(({ extensions }, index) =>
              extensions!['scheduleid'] === id
                ? [
                    {
                      at: fetched!.records[index]!.timestamp,
                      due: Date.parse(extensions!['scheduledtime'] as string),
                    },
                  ]
                : [],
            )
          }
          const add = async (ms: number, everyMs: number | undefined, times: number): Promise<void> => {
            const event = `e${made.length}`
            const timing = { afterMs: ms, ...(everyMs !== undefined && { everyMs, times }) }
            const earliest = clock.now() + ms
            made.push({ id: await bench.add(event, timing), event, at: earliest, times })
          }
          const chosen = (which: number): Made | undefined => made[which % Math.max(1, made.length)]

          for (const one of steps) {
            switch (one.do) {
              case 'add':
                await add(one.ms, undefined, 1)
                break
              case 'repeat':
                await add(one.ms, one.ms, one.times)
                break
              case 'cancel': {
                const schedule = chosen(one.which)
                if (!schedule) break
                const outcome = await bench.during(bench.schedules.cancel(schedule.id)).then(
                  () => 'done',
                  (error: { code: string }) => error.code,
                )
                const sent = (await sentOf(schedule)).length
                // It is unknown only when it is over.
                const isOver = (schedule.cancelled ?? schedule.times) === sent
                if (outcome !== 'done' && !(outcome === 'HEDDLE_SCHEDULE_UNKNOWN' && isOver))
                  wrong.push(`${schedule.event}: ${outcome}`)
                schedule.cancelled = sent
                break
              }
              case 'move': {
                const schedule = chosen(one.which)
                if (!schedule) break
                const at = clock.now() + one.ms
                const before = (await sentOf(schedule)).length
                const moved = await bench.during(bench.schedules.move(schedule.id, { at })).then(
                  () => true,
                  () => false,
                )
                // What was sent while it was asked was sent by the time that it had.
                if (moved && before === 0 && (await sentOf(schedule)).length === 0) schedule.at = at
                else if (moved) schedule.at = Math.min(schedule.at, at)
                break
              }
              case 'wait':
                await bench.advance(one.ms)
                break
              case 'away':
                await bench.during(bench.schedules.close())
                await clock.advance(one.ms)
                await bench.crash()
                break
              case 'crash':
                await bench.crash()
                break
              case 'cut':
                bench.cut(one.turns)
                await bench.advance(one.ms)
                await bench.crash()
                break
              case 'fault':
                bench.fault(...one.faults)
                await bench.advance(one.ms)
                await bench.crash()
            }
          }

          expect(wrong).toEqual([])
          await bench.advance(120_000)
          for (const schedule of made) {
            const sent = await sentOf(schedule)
            expect(sent).toHaveLength(schedule.cancelled ?? schedule.times)
            for (const { at, due } of sent) {
              expect(at).toBeGreaterThanOrEqual(due)
              expect(due).toBeGreaterThanOrEqual(schedule.at)
            }
          }
          expect(await bench.during(bench.schedules.count())).toBe(0)
        } finally {
          await bench.close()
        }
      },
    ),
    { numRuns: 30 },
  )
}, 120_000)
