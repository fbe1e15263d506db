/**
 * Values in a selector, and how they are compared: as ActiveMQ does it for STOMP, whose headers are all strings.
 *
 * - An integer is a bigint of 64 bits, that wraps; a double is a number.
 * - A string beside a number is read as that kind of number: `'5'` equals `5`, `'5.0'` does not (and equals `5.0`). One that
 *   cannot be read compares as false.
 * - A string beside TRUE or FALSE is true when it is `true`, in any case.
 *
 * @module
 */

/** `null` is unknown: a header that is not there, and what follows from it. */
export type Value = string | bigint | number | boolean | null

/** A negative number, 0, or a positive one; `undefined` when they cannot be compared. */
export function compare(left: Exclude<Value, null>, right: Exclude<Value, null>): number | undefined {
  const a = typeof left === 'string' && typeof right !== 'string' ? read(left, right) : left
  const b = typeof right === 'string' && typeof left !== 'string' ? read(right, left) : right
  if (
    a === undefined ||
    b === undefined ||
    isNumber(a) !== isNumber(b) ||
    (typeof a === 'boolean') !== (typeof b === 'boolean')
  )
    return undefined
  return a < b ? -1 : a > b ? 1 : 0
}

const isNumber = (value: Value): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number'

/** The string as a value of the other's kind. */
function read(text: string, other: bigint | number | boolean): bigint | number | boolean | undefined {
  if (typeof other === 'boolean') return text.toLowerCase() === 'true'
  if (typeof other === 'bigint')
    return /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined
  const trimmed = text.trim()
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(trimmed)
    ? Number(trimmed.replace(/[dDfF]$/, ''))
    : undefined
}

/** `left` sign `right`; unknown where ActiveMQ throws, which then matches nothing. */
export function calculate(sign: string, left: Value, right: Value): Value {
  if (left === null || right === null) return null
  if (typeof left === 'string') return sign === '+' ? left + textOf(right) : null
  if (!isNumber(left) || !isNumber(right)) return null
  if (
    typeof left === 'bigint' &&
    typeof right === 'bigint' &&
    (sign === '+' || sign === '-' || sign === '*')
  ) {
    const exact = sign === '+' ? left + right : sign === '-' ? left - right : left * right
    return BigInt.asIntN(64, exact)
  }
  const a = Number(left)
  const b = Number(right)
  if (sign === '+') return a + b
  if (sign === '-') return a - b
  if (sign === '*') return a * b
  return sign === '/' ? a / b : a % b
}

export const negate = (value: Value): Value =>
  typeof value === 'bigint' ? BigInt.asIntN(64, -value) : typeof value === 'number' ? -value : null

// As Java writes a double.
const textOf = (value: Exclude<Value, null>): string =>
  typeof value === 'number' && Number.isInteger(value) ? `${value}.0` : String(value)
