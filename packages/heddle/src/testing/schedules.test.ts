import { topic, topology } from '@heddle/core'
import { expect, test } from 'vitest'
import { testFabric } from './test-fabric.ts'

const teas = topology('teas')
  .from(topic<{ tea: string }>('reminders'))
  .map(({ data }) => data.tea)
  .to(topic('teas'))

test('what is scheduled is sent in virtual time, once, over crashes', async () => {
  await using fabric = await testFabric()
  await fabric.submit(teas)
  await fabric.schedule('reminders', { data: { tea: 'green' } }, { afterMs: 600_000 })
  await fabric.schedule('reminders', { data: { tea: 'black' } }, { cron: '0 17 * * *', times: 3 })
  const cancelled = await fabric.schedule('reminders', { data: { tea: 'none' } }, { afterMs: 86_400_000 })
  await fabric.advance('9m')
  expect(await fabric.data('teas')).toEqual([])
  await fabric.crash()
  await fabric.advance('1m')
  expect(await fabric.data('teas')).toEqual(['green'])
  const cancelling = fabric.schedules.cancel(cancelled)
  await fabric.advance('1s')
  await cancelling
  await fabric.advance('1d')
  await fabric.crash()
  await fabric.advance('30d')
  expect(await fabric.data('teas')).toEqual(['green', 'black', 'black', 'black'])
}, 60_000)
