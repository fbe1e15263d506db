/**
 * Finds its way in JSON text without making values of it: is it JSON, and where do the parts stand. An event's data is
 * checked and kept as the very text that was sent, which costs a fifth of parsing it and writing it again, and changes no
 * number.
 *
 * ```
 * value  = object / array / string / number / "true" / "false" / "null"       RFC 8259
 * ```
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

/** True when the text is one JSON value. */
export function isJson(text: string): boolean {
  try {
    return skipSpace(text, skipValue(text, skipSpace(text, 0), 0)) === text.length
  } catch (error) {
    if (error === notJson) return false
    throw error
  }
}

/** Where an object stands, and in it the value of one of its members: -1 when it has no such member. */
export interface ObjectRange {
  readonly start: number
  readonly end: number
  readonly valueStart: number
  readonly valueEnd: number
}

/**
 * Finds the member `name` of the object that the text is; the last one of that name counts, as in JSON.parse. `undefined`
 * when it is not a JSON object, or when a name in it is written with escapes, so that only a real parser can tell.
 */
export function scanObject(text: string, name: string): ObjectRange | undefined {
  try {
    const range = objectAt(text, skipSpace(text, 0), name)
    return range && skipSpace(text, range.end) === text.length ? range : undefined
  } catch (error) {
    if (error === notJson) return undefined
    throw error
  }
}

/**
 * The elements of the array that the text is, and of those that are objects the member `name`. `undefined` when it is not
 * a JSON array.
 */
export function scanArray(text: string, name: string): ObjectRange[] | undefined {
  try {
    let at = skipSpace(text, 0)
    if (text.charCodeAt(at) !== OPEN_BRACKET) return undefined
    at = skipSpace(text, at + 1)
    const elements: ObjectRange[] = []
    if (text.charCodeAt(at) === CLOSE_BRACKET)
      return skipSpace(text, at + 1) === text.length ? elements : undefined
    for (;;) {
      const element = objectAt(text, at, name) ?? {
        start: at,
        end: skipValue(text, at, 1),
        valueStart: -1,
        valueEnd: -1,
      }
      elements.push(element)
      at = skipSpace(text, element.end)
      const char = text.charCodeAt(at)
      if (char === CLOSE_BRACKET) return skipSpace(text, at + 1) === text.length ? elements : undefined
      if (char !== COMMA) return undefined
      at = skipSpace(text, at + 1)
    }
  } catch (error) {
    if (error === notJson) return undefined
    throw error
  }
}

/** `undefined` for what is not an object, and for one with an escaped name. */
function objectAt(text: string, start: number, name: string): ObjectRange | undefined {
  if (text.charCodeAt(start) !== OPEN_BRACE) return undefined
  let at = skipSpace(text, start + 1)
  let valueStart = -1
  let valueEnd = -1
  if (text.charCodeAt(at) === CLOSE_BRACE) return { start, end: at + 1, valueStart, valueEnd }
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) throw notJson
    const nameStart = at + 1
    at = skipString(text, at)
    const wanted = at - 1 - nameStart === name.length && text.startsWith(name, nameStart)
    if (!wanted && hasEscape(text, nameStart, at - 1)) return undefined
    at = skipSpace(text, at)
    if (text.charCodeAt(at) !== COLON) throw notJson
    const from = skipSpace(text, at + 1)
    at = skipValue(text, from, 2)
    if (wanted) {
      valueStart = from
      valueEnd = at
    }
    at = skipSpace(text, at)
    const char = text.charCodeAt(at)
    if (char === CLOSE_BRACE) return { start, end: at + 1, valueStart, valueEnd }
    if (char !== COMMA) throw notJson
    at = skipSpace(text, at + 1)
  }
}

function skipSpace(text: string, at: number): number {
  for (;;) {
    const char = text.charCodeAt(at)
    if (char !== 0x20 && char !== 0x0a && char !== 0x0d && char !== 0x09) return at
    at++
  }
}

/** The place after the value at `at`. */
function skipValue(text: string, at: number, depth: number): number {
  const char = text.charCodeAt(at)
  if (char === QUOTE) return skipString(text, at)
  if (char === OPEN_BRACE) return skipObject(text, at, depth + 1)
  if (char === OPEN_BRACKET) return skipArray(text, at, depth + 1)
  if (char === 0x74) return skipWord(text, at, 0x72, 0x75, 0x65) // true
  if (char === 0x6e) return skipWord(text, at, 0x75, 0x6c, 0x6c) // null
  if (char === 0x66 && text.charCodeAt(at + 1) === 0x61) return skipWord(text, at + 1, 0x6c, 0x73, 0x65) // false
  return skipNumber(text, at)
}

function skipObject(text: string, at: number, depth: number): number {
  if (depth > maxJsonDepth) throw notJson
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) throw notJson
    at = skipSpace(text, skipString(text, at))
    if (text.charCodeAt(at) !== COLON) throw notJson
    at = skipSpace(text, skipValue(text, skipSpace(text, at + 1), depth))
    const char = text.charCodeAt(at)
    if (char === CLOSE_BRACE) return at + 1
    if (char !== COMMA) throw notJson
    at = skipSpace(text, at + 1)
  }
}

function skipArray(text: string, at: number, depth: number): number {
  if (depth > maxJsonDepth) throw notJson
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1
  for (;;) {
    at = skipSpace(text, skipValue(text, at, depth))
    const char = text.charCodeAt(at)
    if (char === CLOSE_BRACKET) return at + 1
    if (char !== COMMA) throw notJson
    at = skipSpace(text, at + 1)
  }
}

function skipWord(text: string, at: number, second: number, third: number, fourth: number): number {
  if (
    text.charCodeAt(at + 1) !== second ||
    text.charCodeAt(at + 2) !== third ||
    text.charCodeAt(at + 3) !== fourth
  )
    throw notJson
  return at + 4
}

function skipString(text: string, at: number): number {
  const { length } = text
  for (at++; at < length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) return at + 1
    if (char < 0x20) throw notJson
    if (char === BACKSLASH) at = skipEscape(text, at)
  }
  throw notJson
}

/** The last char of the escape that begins at `at`. */
function skipEscape(text: string, at: number): number {
  switch (text.charCodeAt(at + 1)) {
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
      for (let digit = 2; digit < 6; digit++) if (!isHex(text.charCodeAt(at + digit))) throw notJson
      return at + 5
    default:
      throw notJson
  }
}

const isHex = (char: number): boolean =>
  (char >= 0x30 && char <= 0x39) || (char >= 0x41 && char <= 0x46) || (char >= 0x61 && char <= 0x66)

const isDigit = (char: number): boolean => char >= 0x30 && char <= 0x39

function skipDigits(text: string, at: number): number {
  if (!isDigit(text.charCodeAt(at))) throw notJson
  do at++
  while (isDigit(text.charCodeAt(at)))
  return at
}

/** number = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT ] */
function skipNumber(text: string, at: number): number {
  if (text.charCodeAt(at) === 0x2d) at++
  at = text.charCodeAt(at) === 0x30 ? at + 1 : skipDigits(text, at)
  if (text.charCodeAt(at) === 0x2e) at = skipDigits(text, at + 1)
  if (text.charCodeAt(at) === 0x65 || text.charCodeAt(at) === 0x45) {
    const sign = text.charCodeAt(at + 1)
    at = skipDigits(text, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1)
  }
  return at
}

function hasEscape(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text.charCodeAt(at) === BACKSLASH) return true
  return false
}
