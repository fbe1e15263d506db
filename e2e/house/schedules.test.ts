import { afterAll, beforeAll, expect, test } from 'vitest'
import { Running, heddle, temporaryFolder } from './cli.ts'

let folder: ReturnType<typeof temporaryFolder>
let host: Running
let url: string

beforeAll(async () => {
  folder = temporaryFolder()
  host = new Running(['up', '--http', '0', '--data', folder.at('data'), '--json'])
  url = await host.url()
}, 120_000)
afterAll(async () => {
  await host.end()
  folder[Symbol.dispose]()
}, 120_000)

test('events are published for later, listed, moved, cancelled, and sent', async () => {
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr, stdout } = await heddle([...args, '--url', url])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }
  await run('topics', 'create', 'reminders')
  const published = await run('publish', 'reminders', '"tea"', '--after', '1h', '--schedule', 'tea')
  expect(published).toMatch(/^schedule tea, due \d{4}-.*Z\n1 event for later in reminders\n$/)
  const weekly = ['--cron', '0 9 * * MON', '--zone', 'Europe/Berlin', '--schedule', 'weekly', '--id', 'w']
  await run('publish', 'reminders', '"week"', ...weekly)
  expect(await run('schedules', 'count')).toBe('2\n')
  const listed = (await run('schedules', 'list', '--topic', 'reminders')).split('\n')
  expect(listed[0]).toMatch(/^ID +DUE +TOPIC +EVENT +AGAIN$/)
  expect(listed[1]).toMatch(/^tea +\S+Z +reminders/)
  expect(listed[2]).toMatch(/^weekly +\S+Z +reminders +w +0 9 \* \* MON \(Europe\/Berlin\)$/)
  expect(JSON.parse(await run('schedules', 'show', 'tea'))).toMatchObject({ event: { data: 'tea' } })
  expect(await run('schedules', 'cancel', 'weekly')).toBe('weekly is cancelled: event w for reminders\n')
  expect(await run('schedules', 'move', 'tea', '--at', '2020-01-01T00:00:00Z')).toBe(
    'tea is sent at 2020-01-01T00:00:00.000Z\n',
  )
  const tail = await run('tail', 'reminders', '--from', 'earliest', '--limit', '1', '--json')
  expect(JSON.parse(tail)).toMatchObject({ data: 'tea', scheduleid: 'tea' })
  expect((await heddle(['schedules', 'show', 'tea', '--url', url])).stderr).toContain('SCHEDULE_UNKNOWN')
}, 240_000)
