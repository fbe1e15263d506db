import { type Plan, isHeddleError } from '@heddle/core'
import { contractTopologies } from '@heddle/core/contracts'
import { openMemoryLog } from '@heddle/log/memory'
import { expect, test } from 'vitest'
import { StormState, openTaskStore } from './task-store.ts'

const { plan }: { readonly plan: Plan } = contractTopologies.words('w', 'at-least-once')
const component = (id: string) => plan.components.find((each) => each.id === id)!

test('state is there again in the next process, and shows nothing but what was put', async () => {
  const log = await openMemoryLog()
  const first = await openTaskStore(log, plan, component('count'), 1, 3)
  new StormState(first.state, undefined).put('a', 1)
  await first.commit()
  await first.commit() // nothing to do
  const second = await openTaskStore(log, plan, component('count'), 1, 3)
  expect([...new StormState(second.state, undefined).entries()]).toEqual([['a', 1]])
  await expect(async () => {
    new StormState(first.state, undefined).put('a', 2)
    await first.commit()
  }).rejects.toThrow('taken over')
  await log.close()
})

test('another number of tasks is refused: keys would be elsewhere', async () => {
  const log = await openMemoryLog()
  const store = await openTaskStore(log, plan, component('count'), 0, 3)
  await store.commit()
  const error = await openTaskStore(log, plan, component('count'), 0, 4).catch((refused: unknown) => refused)
  expect(isHeddleError(error, 'HEDDLE_UPGRADE_INCOMPATIBLE') && error.detail).toContain(
    'of 3 tasks, and it has 4',
  )
  await log.close()
})

test('what keeps nothing has no store', async () => {
  const log = await openMemoryLog()
  const { state } = await openTaskStore(log, plan, component('out'), 0, 1)
  expect(state.changed).toBe(false)
  await log.close()
})
