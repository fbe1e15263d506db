import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import {
  type Bolt,
  type FiredTimer,
  type Guarantee,
  type TaskContext,
  fromTopic,
  toTopic,
  topic,
  topology,
  tumbling,
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

test('one that another has deleted or moved does not fire, though both were due', async () => {
  let context: TaskContext
  const fired: string[] = []
  const bolt: Bolt<{ value: unknown }> = {
    open(opened) {
      context = opened
    },
    execute({ time }) {
      for (const key of ['a', 'deleted', 'moved']) context.timers.set(key, time)
    },
    timer({ key, time }) {
      fired.push(key)
      if (key !== 'a') return
      context.timers.delete('deleted')
      context.timers.set('moved', time + 60_000)
    },
  }
  const t = topology.graph('t', { idleAfter: '1s' })
  t.bolt('b', bolt).shuffle(
    t.spout(
      'in',
      fromTopic('in', (e) => ({ value: e.data })),
      { fields: ['value'] },
    ),
  )
  await using fabric = await testFabric()
  await fabric.submit(t)
  await fabric.publish('in', [{ data: 1 }])
  await fabric.advance('10s')
  expect(fired).toEqual(['a'])
  await fabric.advance('2m')
  expect(fired).toEqual(['a', 'moved'])
})

test(
  'more than one commit should take are fired over several, and what comes of them is late nowhere',
  { timeout: 20_000 },
  async () => {
    const count = 12_000
    await using fabric = await testFabric()
    const past = fabric.clock.now() - 86_400_000
    const t = topology('t', { guarantee: 'exactly-once', idleAfter: '5s' })
      .from(topic<number>('in'))
      .keyBy((e) => e.data)
      .process<number>({
        element: (_, timer) => timer.setTimer(timer.time + 60_000),
        timer: (timer) => timer.emit(1),
      })
      .wireTap((copy) => copy.to(topic('fired')))
      .keyBy(() => 'all')
      .window(tumbling('1s'))
      .count({ onLate: (late) => late.to(topic('late')) })
      .to(topic('out'))
    await fabric.submit(t)
    await fabric.publish(
      'in',
      Array.from({ length: count }, (_, n) => ({ data: n, time: new Date(past + n).toISOString() })),
    )
    await fabric.settle()
    const ofEach: number[] = []
    const told = (commit: unknown): void => void ofEach.push((commit as { outputs: number }).outputs)
    subscribe('heddle:engine:commit', told)
    await fabric.advance('10s')
    unsubscribe('heddle:engine:commit', told)
    expect(await fabric.data('fired')).toHaveLength(count)
    expect(Math.max(...ofEach)).toBeLessThan(count)
    const counted = await fabric.data<{ value: number }>('out')
    expect(counted.map(({ value }) => value)).toEqual(Array.from({ length: 12 }, () => 1000))
    expect(await fabric.data('late')).toEqual([])
  },
)
