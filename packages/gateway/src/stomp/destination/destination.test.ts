import { describe, expect, test } from 'vitest'
import { fits, isWildcard, parseDestinations, virtualTopicOf } from './destination.ts'
import { durableName, encodeName, queueOfTopic, queueTopic } from './log-names.ts'

test('a composite means all its parts', () => {
  expect(parseDestinations('/queue/a, /topic/b.c,/temp-queue/r')).toEqual([
    { kind: 'queue', name: 'a', text: '/queue/a' },
    { kind: 'topic', name: 'b.c', text: '/topic/b.c' },
    { kind: 'temp-queue', name: 'r', text: '/temp-queue/r' },
  ])
})

describe('refused, with the reason', () => {
  test.each([
    ['orders', "'orders' begins with none of them"],
    ['/queue/', 'a name is missing'],
    ['/queue/a,b', "'b' begins with none of them"],
    ['/queue/a?consumer.exclusive=true', 'options behind ? are not supported'],
    [Array.from({ length: 101 }, () => '/queue/a').join(','), 'more than 100 parts'],
  ])('%.40s', (text, why) => expect(() => parseDestinations(text)).toThrow(why))

  test('a name that is too long for the log', () => {
    expect(() => encodeName('é'.repeat(100))).toThrow('1 to 200 characters')
  })
})

test.each([
  ['A.*', 'A.b', true],
  ['A.*', 'A.b.c', false],
  ['A.>', 'A.b.c', true],
  ['A.>', 'A', true],
  ['A.*.c', 'A.b.c', true],
  ['>', 'anything.at.all', true],
  ['A.b*', 'A.bc', false],
])('%s fits %s: %s', (pattern, name, fit) => expect(fits(pattern, name)).toBe(fit))

test('a wildcard is a whole segment', () => {
  expect(parseDestinations('/topic/a.*,/topic/a.b*,/topic/>').map(isWildcard)).toEqual([true, false, true])
})

test('queues of a virtual topic', () => {
  expect(virtualTopicOf('Consumer.A.VirtualTopic.Orders.Eu')).toBe('VirtualTopic.Orders.Eu')
  expect(virtualTopicOf('Consumer.A.Orders')).toBeUndefined()
})

test('names of the log', () => {
  expect(queueTopic('a/b c')).toBe('queue.a_2Fb_20c')
  expect(queueTopic('order_items')).toBe('queue.order_items')
  expect(queueTopic('order_2F')).toBe('queue.order_5F2F')
  expect(queueOfTopic('orders')).toBeUndefined()
  expect(durableName('a.b', 'c')).toBe('durable.a_2Eb.c')
})
