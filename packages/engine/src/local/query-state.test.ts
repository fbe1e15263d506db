import { type Log, topic, topology } from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publish, until } from '../fixtures/harness.ts'
import { localEngine } from './local-engine.ts'

const counts = topology('t', { guarantee: 'exactly-once' })
  .from(topic<string>('in'))
  .keyBy((e) => e.data)
  .fold(
    () => 0,
    (count) => count + 1,
    { name: 'count' },
  )
  .to(topic('out'))

let log: Log
let engine: ReturnType<typeof localEngine>

beforeEach(async () => {
  log = await openMemoryLog()
  engine = localEngine({ log })
  await publish(
    log,
    'in',
    ['a', 'b1', 'b2', 'b3', 'c', 'b2'].map((data) => ({ data })),
  )
  await engine.submit(counts)
  await until('all are committed', async () => {
    const { entries } = await engine.state('t', { component: 'count' })
    return entries.length === 5 && entries.some(({ value }) => value === 2)
  })
})

afterEach(async () => {
  await engine.close()
  await log.close()
})

test('gives state by key, a page at a time', async () => {
  const page = (after?: string) =>
    engine.state('t', { component: 'count', prefix: '"b', limit: 2, ...(after !== undefined && { after }) })
  const first = await page()
  expect(first).toEqual({
    entries: [
      { key: '"b1"', value: 1 },
      { key: '"b2"', value: 2 },
    ],
    next: '"b2"',
  })
  expect(await page(first.next)).toEqual({ entries: [{ key: '"b3"', value: 1 }] })
  expect(await engine.state('t', { component: 'count', prefix: '"d' })).toEqual({ entries: [] })
})

test('says what there is instead of a component that there is not', async () => {
  await expect(engine.state('t', { component: 'coun' })).rejects.toMatchObject({
    code: 'HEDDLE_TOPOLOGY_INVALID',
    detail: expect.stringContaining("'count'") as string,
  })
  await expect(engine.state('u', { component: 'count' })).rejects.toMatchObject({
    code: 'HEDDLE_ENGINE_UNKNOWN_TOPOLOGY',
  })
})
