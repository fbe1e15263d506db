import { describe, expect, test } from 'vitest'
import {
  type Bolt,
  type FiredTimer,
  type Guarantee,
  type TaskContext,
  fromTopic,
  toTopic,
  topology,
} from '../index.ts'
import { forSeeds, testFabric } from './test-fabric.ts'

interface Reminder {
  readonly key: string
  readonly inMs?: number
  readonly cancel?: boolean
}

/** Sets, moves and deletes timers as events say, and emits each that fires. */
function reminders(guarantee: Guarantee, kind: FiredTimer['kind'], onTimer?: (timer: FiredTimer) => void) {
  let context: TaskContext
  const bolt: Bolt<{ value: Reminder }, { value: { key: string; time: number } }> = {
    open(opened) {
      context = opened
    },
    execute({ values: { value }, time }) {
      if (value.cancel) context.timers.delete(value.key, kind)
      else context.timers.set(value.key, (kind === 'event' ? time : context.clock.now()) + value.inMs!, kind)
    },
    timer(timer, out) {
      onTimer?.(timer)
      out.emit({ value: { key: timer.key, time: timer.time } })
    },
  }
  const t = topology.graph('t', { guarantee, idleAfter: '1s' })
  const from = t.spout(
    'in',
    fromTopic<Reminder, { value: Reminder }>('in', (e) => ({ value: e.data })),
    { fields: ['value'] },
  )
  const remind = t.bolt('remind', bolt, { fields: ['value'] }).shuffle(from)
  t.bolt('out', toTopic('out')).shuffle(remind)
  return t
}

for (const guarantee of ['at-least-once', 'exactly-once'] as const)
  for (const kind of ['event', 'processing'] as const)
    describe(`timers of ${kind} time, ${guarantee}`, () => {
      test('fire in the order of their times; moved and deleted ones as they were last', async () => {
        await using fabric = await testFabric()
        const start = fabric.clock.now()
        await fabric.submit(reminders(guarantee, kind))
        await fabric.publish('in', [
          { data: { key: 'late', inMs: 60_000 } },
          { data: { key: 'soon', inMs: 10_000 } },
          { data: { key: 'never', inMs: 20_000 } },
          { data: { key: 'moved', inMs: 90_000 } },
          { data: { key: 'never', cancel: true } },
          { data: { key: 'moved', inMs: 30_000 } },
        ])
        await fabric.advance('5s')
        expect(await fabric.read('out')).toEqual([])
        await fabric.advance('2m')
        expect(await fabric.data('out')).toEqual([
          { key: 'soon', time: start + 10_000 },
          { key: 'moved', time: start + 30_000 },
          { key: 'late', time: start + 60_000 },
        ])
        expect(await fabric.state('t', 'remind/timers')).toEqual({})
      })

      test('outlive a crash, and fire late rather than never, once', async () => {
        await using fabric = await testFabric()
        await fabric.submit(reminders(guarantee, kind))
        await fabric.publish('in', [{ data: { key: 'a', inMs: 10_000 } }])
        await fabric.advance('5s')
        await fabric.crash()
        await fabric.advance('1m')
        await fabric.crash()
        await fabric.advance('1m')
        expect((await fabric.data('out')).length).toBe(1)
      })

      test('one that throws has no effect, is tried again, and holds up no other', async () => {
        await using fabric = await testFabric()
        let failures = 0
        await fabric.submit(
          reminders(guarantee, kind, ({ key }) => {
            if (key === 'bad' && failures++ < 5) throw new Error('not yet')
          }),
        )
        await fabric.publish('in', [
          { data: { key: 'bad', inMs: 10_000 } },
          { data: { key: 'good', inMs: 10_001 } },
        ])
        await fabric.advance('2m')
        expect(failures).toBe(6)
        expect(await fabric.data('out')).toMatchObject([{ key: 'good' }, { key: 'bad' }])
      })
    })

test('timers are set and fired once each when exactly-once, whatever fails', async () => {
  await forSeeds(10, async (fabric) => {
    await fabric.submit(reminders('exactly-once', 'processing'))
    const keys = Array.from({ length: 30 }, (_, n) => `k${n}`)
    for (const [n, key] of keys.entries()) {
      fabric.faults.stop()
      await fabric.publish('in', [{ data: { key, inMs: (n * 7919) % 3000 } }])
      fabric.faults.chances({ fails: 0.1, 'answer-lost': 0.1 })
      await fabric.advance('100ms')
      if (n % 10 === 9) await fabric.crash()
    }
    fabric.faults.stop()
    await fabric.advance('2m')
    const fired = (await fabric.data<{ key: string }>('out')).map(({ key }) => key)
    expect(fired.toSorted()).toEqual(keys.toSorted())
  })
})
