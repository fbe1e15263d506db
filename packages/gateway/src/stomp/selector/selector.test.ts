import { describe, expect, test } from 'vitest'
import { compileSelector } from './selector.ts'
import type { Value } from './value.ts'

const message: Readonly<Record<string, Value>> = {
  region: 'eu',
  size: '12',
  ratio: '0.5',
  name: 'a_b%c',
  urgent: 'TRUE',
  empty: '',
  face: 'x😀y',
  JMSPriority: 7n,
  JMSRedelivered: true,
}
const wants = (selector: string): boolean => compileSelector(selector)((name) => message[name] ?? null)

describe('wanted', () => {
  test.each([
    "region = 'eu'",
    "region <> 'us' and size > 10",
    'size = 12',
    'size < 12.5',
    'size = 12.0',
    'ratio = .5',
    'ratio = 5E-1',
    'size = 0xC and size = 014 and size = 12L',
    'size between 12 and 20',
    'size NOT BETWEEN 13 AND 20',
    "region IN ('us', 'eu')",
    "region not in ('us')",
    "name LIKE 'a!_b!%_' ESCAPE '!'",
    "region LIKE '%' AND empty LIKE '' AND empty LIKE '%' AND region LIKE 'e_' AND region LIKE '%e%u%'",
    "face LIKE 'x_y'",
    "region NOT LIKE 'u%'",
    "region LIKE 'eu!' ESCAPE '!' OR TRUE",
    'missing IS NULL AND region IS NOT NULL',
    'urgent = TRUE',
    'JMSRedelivered',
    'JMSRedelivered AND NOT (JMSPriority = 6)',
    'JMSPriority + 3 = 10 AND JMSPriority * 2 - 4 = 10 AND JMSPriority / 2 = 3.5 AND JMSPriority % 4 = 3',
    '-JMSPriority < -6 AND +JMSPriority = 7 AND - - JMSPriority = 7',
    "region + 'x' = 'eux'",
    "region = 'eu' OR missing = 'x'",
    "NOT (region = 'us')",
    "region /* where */ = 'eu' -- and no more",
    "'it''s' LIKE 'it''_'",
    // As ActiveMQ: unlike SQL, these are not unknown.
    'missing = absent',
    "NOT ('eu' = missing)",
    '9223372036854775807 + JMSPriority < 0',
  ])('%s', (selector) => expect(wants(selector)).toBe(true))
})

describe('not wanted', () => {
  test.each([
    "region = 'EU'",
    'size = 12.5',
    'ratio > 0', // no integer
    'region = 5',
    'region > 5',
    "missing = 'x'",
    "NOT (missing = 'x')",
    "missing <> 'x'",
    'missing > 5 OR NOT (missing > 5)',
    'missing NOT BETWEEN 1 AND 2',
    "missing NOT LIKE 'x'",
    "missing NOT IN ('x')",
    "JMSPriority NOT IN ('x')",
    "JMSPriority LIKE '7'",
    'urgent', // a string is no truth
    'NULL',
    'NOT NULL',
    'size + 1 = 13', // a string is no number
    'JMSPriority - region = 1',
    "region LIKE 'e'",
    "region LIKE '_'",
    "region LIKE '%x%'",
    "region LIKE 'eu_%'",
    "region LIKE 'eu%u'",
    'JMSRedelivered = 1',
    'NOT JMSPriority = 6', // NOT comes first, as in ActiveMQ
  ])('%s', (selector) => expect(wants(selector)).toBe(false))
})

describe('refused, with the reason and the place', () => {
  test.each([
    ['', 'a name, a value or ( is expected, and not the end, at character 1'],
    ['a =', 'is expected, and not the end, at character 4'],
    ["a = 'x", 'this is not part of any selector, at character 5'],
    ['a = 1 b', 'the end, or an operator is expected, and not "b", at character 7'],
    ["a > 'x'", 'only numbers are greater'],
    ["a BETWEEN 'x' AND 'y'", 'only numbers are greater'],
    ['a = NULL', 'NULL is compared with IS NULL'],
    ['TRUE = 1', 'TRUE and FALSE are compared'],
    ["5 IN ('x')", 'IN follows a name'],
    ['a IN (5)', "a 'string' is expected"],
    ["a IN ('x'", ', or ) is expected'],
    ["a LIKE 'x' ESCAPE 'yz'", 'ESCAPE is one character'],
    ['a NOT 5', 'LIKE, BETWEEN or IN is expected'],
    ['a BETWEEN 1', 'AND is expected'],
    ['a IS 5', 'NULL is expected'],
    ['(a = 1', ') is expected'],
    ["XPATH '//x'", 'a selector sees headers only'],
    ["REGEX('x', a)", 'there is no function REGEX'],
    ['5', 'a condition is true or false'],
    ["a = 1 AND 'x'", 'a condition is true or false'],
    ['a = 08', 'begins with 0 is octal'],
    [`${'('.repeat(101)}a${')'.repeat(101)}`, 'nested more than 100 deep'],
    [`${'NOT '.repeat(5_000)}a`, 'longer than 8192'],
  ])('%.60s', (selector, why) => expect(() => compileSelector(selector)).toThrow(why))
})
