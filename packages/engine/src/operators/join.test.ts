import { type Event, topic, topology } from '@heddle/core'
import fc from 'fast-check'
import { testFabric } from 'heddle/testing'
import { describe, expect, test } from 'vitest'

const start = Date.UTC(2026, 0, 1)
const at = (s: number): string => new Date(start + s * 1000).toISOString()
const one = (key: string, s: number, v: string): { time: string; partitionkey: string; data: string } => ({
  time: at(s),
  partitionkey: key,
  data: v,
})
const side = (name: string) =>
  topology('t', { guarantee: 'exactly-once', idleAfter: '5s' })
    .from(topic<string>(name))
    .keyBy((e) => e.partitionkey!)

type Type = 'inner' | 'left' | 'outer'
const text = (e: Event<string> | undefined): string => e?.data ?? '-'
const joined = (type: Type) => {
  const join = (l: Event<string> | undefined, r: Event<string> | undefined): string => text(l) + text(r)
  const options = { within: '10s', grace: '60s' } as const
  const [left, right] = [side('left'), side('right')]
  if (type === 'inner') return left.join(right, join, options).to(topic('out'))
  if (type === 'left') return left.join(right, join, { ...options, type }).to(topic('out'))
  return left.join(right, join, { ...options, type }).to(topic('out'))
}

describe('stream and stream', () => {
  test.each([
    ['inner', ['a1', 'b1']],
    ['left', ['a1', 'b1', 'c-']],
    ['outer', ['-2', 'a1', 'b1', 'c-']],
  ] as const)('%s', async (type, expected) => {
    await using fabric = await testFabric({ now: start })
    await fabric.submit(joined(type))
    await fabric.publish('left', [one('k', 0, 'a'), one('k', 9, 'b'), one('other', 5, 'c')])
    await fabric.publish('right', [one('k', 5, '1'), one('k', 20, '2')])
    await fabric.advance('5m')
    expect((await fabric.data<string>('out')).toSorted()).toEqual(expected)
    expect(await fabric.state('t', 'join')).toEqual({})
  })

  test('whatever the order, it gives what joining all at once would, also over crashes', async () => {
    const element = fc.record({
      left: fc.boolean(),
      key: fc.constantFrom('x', 'y'),
      s: fc.integer({ min: 0, max: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(element, { minLength: 1, maxLength: 20 }),
        fc.constantFrom<Type>('inner', 'left', 'outer'),
        fc.nat(20),
        async (elements, type, crashAt) => {
          const all = elements.map((each, n) => ({ ...each, v: `${each.left ? 'l' : 'r'}${n}` }))
          await using fabric = await testFabric({ now: start })
          await fabric.submit(joined(type))
          for (const [n, { left, key, s, v }] of all.entries()) {
            await fabric.publish(left ? 'left' : 'right', [one(key, s, v)])
            if (n === crashAt) await fabric.crash()
          }
          await fabric.advance('10m')
          const expected: string[] = []
          const [lefts, rights] = [all.filter(({ left }) => left), all.filter(({ left }) => !left)]
          const near = (a: (typeof all)[0], b: (typeof all)[0]): boolean =>
            a.key === b.key && Math.abs(a.s - b.s) <= 10
          for (const l of lefts) for (const r of rights) if (near(l, r)) expected.push(l.v + r.v)
          if (type !== 'inner')
            for (const l of lefts) if (!rights.some((r) => near(l, r))) expected.push(`${l.v}-`)
          if (type === 'outer')
            for (const r of rights) if (!lefts.some((l) => near(l, r))) expected.push(`-${r.v}`)
          expect((await fabric.data<string>('out')).toSorted()).toEqual(expected.toSorted())
        },
      ),
      { numRuns: 25 },
    )
  }, 60_000)
})

describe('tables', () => {
  test('a stream finds the rows that were there before it, as they are by then', async () => {
    await using fabric = await testFabric({ now: start })
    // The stream's topic is there first, and yet the table's is read first.
    await fabric.publish('orders', [one('bob', 0, 'o1'), one('eve', 0, 'o2')])
    await fabric.publish('people', [one('bob', 0, 'Bob')])
    const flow = topology('t', { guarantee: 'exactly-once' })
    await fabric.submit(
      flow
        .from(topic<string>('orders'))
        .keyBy((e) => e.partitionkey!)
        .joinTable(flow.table(topic<string>('people')), (e, name) => `${e.data} ${name ?? 'nobody'}`, {
          type: 'left',
        })
        .to(topic('out')),
    )
    await fabric.publish('people', [one('eve', 0, 'Eve')])
    await fabric.advance('100ms')
    await fabric.publish('orders', [one('eve', 0, 'o3')])
    await fabric.advance('100ms')
    await fabric.publish('people', [{ ...one('bob', 0, ''), data: null }])
    await fabric.advance('100ms')
    await fabric.publish('orders', [one('bob', 0, 'o4')])
    await fabric.advance('100ms')
    expect(await fabric.data('out')).toEqual(['o1 Bob', 'o2 nobody', 'o3 Eve', 'o4 nobody'])
  })

  test('two tables give a third, which others are made of', async () => {
    await using fabric = await testFabric({ now: start })
    const flow = topology('t')
    const long = flow
      .table(topic<string>('names'))
      .map((name) => name.toUpperCase())
      .join(flow.table(topic<string>('cities')), (name, city) => `${name} in ${city}`)
      .filter((row) => row.length > 10)
    await fabric.submit(
      long
        .toStream()
        .map((row) => row ?? 'gone')
        .to(topic('out')),
    )
    const publish = async (name: string, ...rows: Parameters<typeof fabric.publish>[1]): Promise<void> => {
      await fabric.publish(name, rows)
      await fabric.settle()
    }
    await publish('names', one('1', 0, 'bob'), one('2', 0, 'al'))
    await publish('cities', one('1', 0, 'Rome'), one('2', 0, 'Bern'))
    await publish('names', one('1', 0, 'rob'))
    await publish('cities', one('1', 0, 'Ur'))
    await publish('names', { ...one('2', 0, ''), data: null })
    expect(await fabric.data('out')).toEqual(['BOB in Rome', 'ROB in Rome', 'gone'])
  })
})

describe('state of one key', () => {
  test('fold, and what is forgotten after its time', async () => {
    await using fabric = await testFabric({ now: start })
    await fabric.submit(
      topology('t', { idleAfter: '1s' })
        .from(topic<string>('in'))
        .keyBy((e) => e.partitionkey!)
        .fold(
          () => '',
          (all, e) => all + e.data,
          { ttl: '1m' },
        )
        .to(topic('out')),
    )
    await fabric.publish('in', [one('k', 0, 'a'), one('k', 50, 'b')])
    await fabric.advance('100s')
    await fabric.publish('in', [one('k', 100, 'c')])
    await fabric.advance('100s')
    await fabric.publish('in', [one('k', 200, 'd')])
    await fabric.advance('1s')
    expect(await fabric.data('out')).toEqual(['a', 'ab', 'abc', 'd'])
  })

  test('process has state and a timer for each key', async () => {
    await using fabric = await testFabric({ now: start })
    await fabric.submit(
      topology('t', { guarantee: 'exactly-once', idleAfter: '1s' })
        .from(topic<string>('in'))
        .keyBy((e) => e.partitionkey!)
        .process<string, number>({
          element: (_, context) => {
            context.state = (context.state ?? 0) + 1
            context.setTimer(context.time + 10_000)
          },
          timer: (context) => {
            context.emit(`${context.key}: ${context.state}`)
            context.state = undefined
          },
        })
        .to(topic('out')),
    )
    await fabric.publish('in', [one('a', 0, ''), one('a', 5, ''), one('b', 1, '')])
    await fabric.advance('1m')
    await fabric.publish('in', [one('a', 60, '')])
    await fabric.advance('2m')
    expect(await fabric.data('out')).toEqual(['b: 1', 'a: 2', 'a: 1'])
    expect(await fabric.state('t', 'process')).toEqual({})
  })
})
