import { ManualClock } from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { expect, test } from 'vitest'
import { readLogs } from '../read-logs.ts'
import { LogLines, logTopic } from './log-lines.ts'

test('lines of a moment go together, and what a loop prints besides is counted', async () => {
  const log = await openMemoryLog()
  await log.createTopic(logTopic('t'))
  const clock = new ManualClock(5)
  const lines = new LogLines(log, clock, 't', 'count', 3)
  for (let n = 0; n < 1002; n++) lines.add({ level: 'info', line: `line ${n}` })
  await clock.advance(200)
  const found = []
  for await (const each of readLogs(log, 't', { lines: 2 })) found.push(each)
  expect(found).toMatchObject([
    { at: 5, component: 'count', task: 3, level: 'info', line: 'line 999' },
    { level: 'warn', line: '(2 more lines are left out)' },
  ])
  await log.close()
})

test('lines that come are followed, of the component that is wanted', async () => {
  const log = await openMemoryLog()
  await log.createTopic(logTopic('t'))
  const clock = new ManualClock()
  const add = async (component: string, line: string): Promise<void> => {
    new LogLines(log, clock, 't', component, 1).add({ level: 'info', line })
    await clock.advance(200)
  }
  await add('a', 'before')
  const over = new AbortController()
  const followed = readLogs(log, 't', { follow: true, component: 'a', signal: over.signal })
  expect((await followed.next()).value).toMatchObject({ line: 'before' })
  const next = followed.next()
  await add('b', 'of another')
  await add('a', 'later')
  expect((await next).value).toMatchObject({ line: 'later' })
  over.abort()
  expect((await followed.next()).done).toBe(true)
  await log.close()
})

test('a topology that has printed nothing, or was submitted before there was such a topic, has no lines', async () => {
  const log = await openMemoryLog()
  expect((await readLogs(log, 't').next()).done).toBe(true)
  await log.close()
})
