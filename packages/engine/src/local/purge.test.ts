import { type Engine, type Log, topic, topology } from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

describe.each([1, 3])('a topology whose keys are cut into %s', (keyPartitions) => {
  let log: Log
  const engines: Engine[] = []
  const start = async (): Promise<Engine> => {
    const engine = localEngine({ log, keyPartitions })
    engines.push(engine)
    await engine.submit(counts)
    return engine
  }
  const total = async (engine: Engine): Promise<number> => {
    const { entries } = await engine.state('t', { component: 'count' })
    return entries.reduce((sum, { value }) => sum + (value as number), 0)
  }
  beforeEach(async () => {
    log = await openMemoryLog()
    await publish(
      log,
      'in',
      ['a', 'b', 'c', 'a'].map((data) => ({ data })),
    )
  })
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close()
    await log.close()
  })

  test('leaves only what it has put out when it is purged, and begins anew', async () => {
    const engine = await start()
    await until('all are counted', async () => (await total(engine)) === 4)
    await engine.kill('t', { purge: true })
    expect((await log.listTopics()).map(({ name }) => name).sort()).toEqual(['in', 'out', 't.dead-letters'])
    expect(await log.listGroups()).toEqual([])
    expect(await engine.history('t')).toEqual([])
    await engine.submit(counts)
    await until('all are counted again', async () => (await total(engine)) === 4)
    await engine.kill('t', { purge: true })
  })

  test('is not purged while another process runs it', async () => {
    const [one, other] = [await start(), await start()]
    await expect(one.kill('t', { purge: true })).rejects.toMatchObject({ code: 'HEDDLE_LOG_GROUP_ACTIVE' })
    await until('all are counted', async () => (await total(other)) === 4)
    await publish(log, 'in', [{ data: 'd' }])
    await until('that is counted too', async () => (await total(other)) === 5)
  })
})
