import { HeddleError, errorTable } from '@heddle/core'
import { expect, test } from 'vitest'
import { problemOf, retryAfterOf } from './problem.ts'

test('an error of ours is told with what to do about it', () => {
  expect(
    problemOf(new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', "'ordres'", { info: { near: 'orders' } })),
  ).toEqual({
    type: '/problems/HEDDLE_LOG_UNKNOWN_TOPIC',
    title: errorTable.HEDDLE_LOG_UNKNOWN_TOPIC.message,
    status: 404,
    detail: "'ordres'",
    code: 'HEDDLE_LOG_UNKNOWN_TOPIC',
    kind: 'usage',
    todo: errorTable.HEDDLE_LOG_UNKNOWN_TOPIC.todo,
    info: { near: 'orders' },
  })
})

test('what nobody foresaw tells nothing of its inside', () => {
  const problem = problemOf(new Error('cannot open /etc/secret'))
  expect(problem).toMatchObject({ status: 500, code: 'HEDDLE_HTTP_INTERNAL' })
  expect(JSON.stringify(problem)).not.toContain('secret')
})

test('waiting is told in whole seconds, at least one, and only where it helps', () => {
  expect(retryAfterOf(new HeddleError('HEDDLE_QUOTA_EXCEEDED', '', { info: { retryAfterMs: 1_200 } }))).toBe(
    2,
  )
  expect(retryAfterOf(new HeddleError('HEDDLE_QUOTA_EXCEEDED', '', { info: { retryAfterMs: 0 } }))).toBe(1)
  expect(retryAfterOf(new HeddleError('HEDDLE_HTTP_UNAVAILABLE'))).toBe(1)
  expect(retryAfterOf(new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC'))).toBeUndefined()
})
