/**
 * Finds its way in JSON bytes without making values of them: is it JSON, and where do the parts stand. An event's data
 * is checked and kept as the very bytes that were sent, which costs a third of parsing it and writing it again, and
 * changes no number.
 *
 * ```
 * value  = object / array / string / number / "true" / "false" / "null"       RFC 8259
 * ```
 * The bytes must be UTF-8 (`isUtf8` is asked elsewhere, once a body).
 *
 * @module
 */

/** How deep arrays and objects may stand in each other. Readers parse recursively; 512 is far from the end of any stack. */
export const maxJsonDepth = 512

/** Thrown inside this file only; one for all, since bad input is not worth a stack trace. */
const notJson = new Error('not JSON')

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** True when the bytes are one JSON value. */
export function isJson(bytes: Uint8Array): boolean {
  try {
    return skipSpace(bytes, skipValue(bytes, skipSpace(bytes, 0), 0)) === bytes.length
  } catch (error) {
    if (error === notJson) return false
    throw error
  }
}

/** Where a value stands: from `start` up to, but without, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * Where the member `name` of the object at `from` stands, and where that object ends; the last one of that name counts,
 * as in JSON.parse. `undefined` when there is no object at `from`, or it is not JSON, or a name in it is written with
 * escapes, so that only a real parser can tell.
 */
export function scanMember(
  bytes: Uint8Array,
  name: Uint8Array,
  from = 0,
): { member: Range | undefined; end: number } | undefined {
  try {
    return memberOf(bytes, name, skipSpace(bytes, from))
  } catch (error) {
    if (error === notJson) return undefined
    throw error
  }
}

function memberOf(
  bytes: Uint8Array,
  name: Uint8Array,
  at: number,
): { member: Range | undefined; end: number } | undefined {
  if (bytes[at] !== OPEN_BRACE) return undefined
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === CLOSE_BRACE) return { member: undefined, end: at + 1 }
  let member: Range | undefined
  for (;;) {
    if (bytes[at] !== QUOTE) return undefined
    const keyEnd = skipString(bytes, at)
    const wanted = sameBytes(bytes, at + 1, keyEnd - 1, name)
    if (!wanted && hasEscape(bytes, at + 1, keyEnd - 1)) return undefined
    at = skipSpace(bytes, keyEnd)
    if (bytes[at] !== COLON) return undefined
    at = skipSpace(bytes, at + 1)
    const start = at
    at = skipValue(bytes, at, 1)
    if (wanted) member = { start, end: at }
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACE) return { member, end: at + 1 }
    if (bytes[at] !== COMMA) return undefined
    at = skipSpace(bytes, at + 1)
  }
}

/** The elements of the array that the bytes are; `undefined` when they are not a JSON array. */
export function scanArray(bytes: Uint8Array): Range[] | undefined {
  try {
    let at = skipSpace(bytes, 0)
    if (bytes[at] !== OPEN_BRACKET) return undefined
    at = skipSpace(bytes, at + 1)
    const elements: Range[] = []
    if (bytes[at] === CLOSE_BRACKET) return skipSpace(bytes, at + 1) === bytes.length ? elements : undefined
    for (;;) {
      const start = at
      at = skipValue(bytes, at, 1)
      elements.push({ start, end: at })
      at = skipSpace(bytes, at)
      if (bytes[at] === CLOSE_BRACKET) return skipSpace(bytes, at + 1) === bytes.length ? elements : undefined
      if (bytes[at] !== COMMA) return undefined
      at = skipSpace(bytes, at + 1)
    }
  } catch (error) {
    if (error === notJson) return undefined
    throw error
  }
}

export function skipSpace(bytes: Uint8Array, at: number): number {
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

/** The place after the value at `at`. */
function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const byte = bytes[at]
  if (byte === QUOTE) return skipString(bytes, at)
  if (byte === OPEN_BRACE) return skipObject(bytes, at, depth + 1)
  if (byte === OPEN_BRACKET) return skipArray(bytes, at, depth + 1)
  if (byte === 0x74) return skipWord(bytes, at, 0x72, 0x75, 0x65) // true
  if (byte === 0x6e) return skipWord(bytes, at, 0x75, 0x6c, 0x6c) // null
  if (byte === 0x66 && bytes[at + 1] === 0x61) return skipWord(bytes, at + 1, 0x6c, 0x73, 0x65) // false
  return skipNumber(bytes, at)
}

function skipObject(bytes: Uint8Array, at: number, depth: number): number {
  if (depth > maxJsonDepth) throw notJson
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === CLOSE_BRACE) return at + 1
  for (;;) {
    if (bytes[at] !== QUOTE) throw notJson
    at = skipSpace(bytes, skipString(bytes, at))
    if (bytes[at] !== COLON) throw notJson
    at = skipSpace(bytes, skipValue(bytes, skipSpace(bytes, at + 1), depth))
    const byte = bytes[at]
    if (byte === CLOSE_BRACE) return at + 1
    if (byte !== COMMA) throw notJson
    at = skipSpace(bytes, at + 1)
  }
}

function skipArray(bytes: Uint8Array, at: number, depth: number): number {
  if (depth > maxJsonDepth) throw notJson
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === CLOSE_BRACKET) return at + 1
  for (;;) {
    at = skipSpace(bytes, skipValue(bytes, at, depth))
    const byte = bytes[at]
    if (byte === CLOSE_BRACKET) return at + 1
    if (byte !== COMMA) throw notJson
    at = skipSpace(bytes, at + 1)
  }
}

function skipWord(bytes: Uint8Array, at: number, second: number, third: number, fourth: number): number {
  if (bytes[at + 1] !== second || bytes[at + 2] !== third || bytes[at + 3] !== fourth) throw notJson
  return at + 4
}

function skipString(bytes: Uint8Array, at: number): number {
  const { length } = bytes
  for (at++; at < length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at + 1
    if (byte < 0x20) throw notJson
    if (byte === BACKSLASH) at = skipEscape(bytes, at)
  }
  throw notJson
}

/** The last byte of the escape that begins at `at`. */
function skipEscape(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 1
    case 0x75: // u
      for (let digit = 2; digit < 6; digit++) if (!isHex(bytes[at + digit]!)) throw notJson
      return at + 5
    default:
      throw notJson
  }
}

const isHex = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

function skipDigits(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at])) throw notJson
  do at++
  while (isDigit(bytes[at]))
  return at
}

/** number = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT ] */
function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x2d) at++
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at)
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1)
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1]
    at = skipDigits(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1)
  }
  return at
}

function sameBytes(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false
  for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false
  return true
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true
  return false
}
