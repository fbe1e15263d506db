import { expect, test } from 'vitest'
import { eventText, readEvent } from './event.ts'

test('what is left out is made up', () => {
  const event = JSON.parse(eventText({ type: 't', data: { a: 1 } })) as Record<string, unknown>
  expect(event).toMatchObject({ specversion: '1.0', source: '/', type: 't', data: { a: 1 } })
  expect(event['id']).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(Number.isNaN(Date.parse(event['time'] as string))).toBe(false)
})

test('what is given is kept, extensions too', () => {
  const given = { id: '1', source: '/s', type: 't', time: '2026-11-24T06:00:00Z', subject: 'x', myext: 5 }
  expect(JSON.parse(eventText(given))).toEqual({ specversion: '1.0', ...given })
})

test('bytes go and come as bytes, more of them than fit on a stack', () => {
  const data = Uint8Array.from({ length: 300_000 }, (_, at) => at % 256)
  expect(readEvent(eventText({ type: 't', data })).data).toEqual(data)
})
