import { isHeddleError } from '@heddle/core'
import { expect, test } from 'vitest'
import { publishMode } from './media.ts'

test.each([
  [{ 'content-type': 'application/cloudevents+json' }, 'structured'],
  [{ 'content-type': 'Application/CloudEvents+JSON; charset=utf-8' }, 'structured'],
  [{ 'content-type': 'application/cloudevents-batch+json' }, 'batch'],
  // The media type decides before the headers do (§ 3).
  [{ 'content-type': 'application/cloudevents+json', 'ce-specversion': '1.0' }, 'structured'],
  [{ 'content-type': 'application/json', 'ce-specversion': '1.0' }, 'binary'],
  [{ 'ce-specversion': '1.0' }, 'binary'],
  [{ 'content-type': 'application/x-ndjson' }, 'ndjson'],
  [{ 'content-type': 'application/jsonl; charset=utf-8' }, 'ndjson'],
  [{ 'content-type': 'application/json' }, 'plain'],
] as const)('%o is %s', (headers, mode) => {
  expect(publishMode(headers)).toBe(mode)
})

test.each([
  [{}, 'no content-type'],
  [{ 'content-type': 'text/plain' }, 'text/plain'],
  [{ 'content-type': 'application/cloudevents+json', 'content-encoding': 'gzip' }, 'content-encoding gzip'],
  [{ 'content-type': 'application/x-www-form-urlencoded' }, 'curl -d'],
  [{ 'content-type': 'application/cloudevents+avro' }, 'only JSON'],
  [{ 'content-type': 'text/plain', 'ce-id': '1' }, 'no ce-specversion'],
] as const)('%o is refused, and it says why', (headers, why) => {
  const refused = (error: unknown): boolean =>
    isHeddleError(error, 'HEDDLE_HTTP_UNSUPPORTED_MEDIA') && error.detail.includes(why)
  expect(() => publishMode(headers)).toThrow(expect.toSatisfy(refused) as Error)
})
