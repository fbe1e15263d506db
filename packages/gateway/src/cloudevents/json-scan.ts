/**
 * Finds its way in JSON bytes without making values of them: is it JSON, and where do the parts stand. An event's data is
 * checked and kept as it was sent, which costs a fifth of parsing it and writing it again, and changes no number.
 *
 * ```
 * value  = object / array / string / number / "true" / "false" / "null"       RFC 8259
 * object = "{" [ string ":" value *( "," string ":" value ) ] "}"
 * array  = "[" [ value *( "," value ) ] "]"
 * ```
 * The bytes must be UTF-8, which is asked elsewhere. One loop with a stack of its own rather than a function for each rule:
 * every event passes here, and this is three times as fast. Each part returns the place after it, or -1 for what is not JSON.
 *
 * @module
 */

/** How deep arrays and objects may stand in each other. Readers parse recursively; 512 is far from the end of any stack. */
export const maxJsonDepth = 512

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** 1 for what stands in a string as it is: all but the quote, the backslash and control characters. */
const plain = new Uint8Array(256).fill(1, 0x20)
plain[QUOTE] = 0
plain[BACKSLASH] = 0
const digit = new Uint8Array(256).fill(1, ZERO, ZERO + 10)
/** 1 for what may follow a backslash; `u` with four hex digits is beside. */
const escapes = new Uint8Array(256)
for (const char of '"\\/bfnrt') escapes[char.charCodeAt(0)] = 1
const hex = new Uint8Array(256)
for (const char of '0123456789abcdefABCDEF') hex[char.charCodeAt(0)] = 1

/** What is open around the value that is read: 1 for an object, 0 for an array. No call is under way while another begins. */
const open = new Uint8Array(maxJsonDepth + 1)

/** True when the bytes are one JSON value. */
export function isJson(bytes: Uint8Array): boolean {
  const end = skipValue(bytes, skipSpace(bytes, 0))
  return end !== -1 && skipSpace(bytes, end) === bytes.length
}

/** Where an object stands, and in it the value of one of its members: -1 when it has no such member. */
export interface ObjectRange {
  readonly start: number
  readonly end: number
  readonly valueStart: number
  readonly valueEnd: number
}

/**
 * Finds the member `name` of the object that the bytes are; the last one of that name counts, as in JSON.parse. `undefined`
 * when it is not a JSON object, or when a name in it is written with escapes, so that only a real parser can tell.
 */
export function scanObject(bytes: Uint8Array, name: Uint8Array): ObjectRange | undefined {
  const range = objectAt(bytes, skipSpace(bytes, 0), name)
  return range && skipSpace(bytes, range.end) === bytes.length ? range : undefined
}

/**
 * The elements of the array that the bytes are, and of those that are objects the member `name`. `undefined` when it is
 * not a JSON array.
 */
export function scanArray(bytes: Uint8Array, name: Uint8Array): ObjectRange[] | undefined {
  let at = skipSpace(bytes, 0)
  if (bytes[at] !== OPEN_BRACKET) return undefined
  at = skipSpace(bytes, at + 1)
  const elements: ObjectRange[] = []
  if (bytes[at] === CLOSE_BRACKET) return skipSpace(bytes, at + 1) === bytes.length ? elements : undefined
  for (;;) {
    const element = objectAt(bytes, at, name) ?? {
      start: at,
      end: skipValue(bytes, at),
      valueStart: -1,
      valueEnd: -1,
    }
    if (element.end === -1) return undefined
    elements.push(element)
    at = skipSpace(bytes, element.end)
    if (bytes[at] === CLOSE_BRACKET) return skipSpace(bytes, at + 1) === bytes.length ? elements : undefined
    if (bytes[at] !== COMMA) return undefined
    at = skipSpace(bytes, at + 1)
  }
}

/** `undefined` for what is not an object, or not JSON, and for an object with an escaped name. */
function objectAt(bytes: Uint8Array, start: number, name: Uint8Array): ObjectRange | undefined {
  if (bytes[start] !== OPEN_BRACE) return undefined
  let at = skipSpace(bytes, start + 1)
  let valueStart = -1
  let valueEnd = -1
  if (bytes[at] === CLOSE_BRACE) return { start, end: at + 1, valueStart, valueEnd }
  for (;;) {
    const nameStart = at + 1
    const from = skipName(bytes, at)
    if (from === -1) return undefined
    const which = compareName(bytes, nameStart, name)
    if (which === undefined) return undefined
    at = skipValue(bytes, from)
    if (at === -1) return undefined
    if (which) {
      valueStart = from
      valueEnd = at
    }
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACE) return { start, end: at + 1, valueStart, valueEnd }
    if (bytes[at] !== COMMA) return undefined
    at = skipSpace(bytes, at + 1)
  }
}

/** Whether the name that begins at `at` is the wanted one; `undefined` when it has an escape. */
function compareName(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean | undefined {
  let same = true
  let length = 0
  for (; bytes[at] !== QUOTE; at++, length++) {
    if (bytes[at] === BACKSLASH) return undefined
    if (bytes[at] !== wanted[length]) same = false
  }
  return same && length === wanted.length
}

function skipSpace(bytes: Uint8Array, at: number): number {
  let byte = bytes[at]
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at]
  return at
}

/** The place after the value that begins at `at`. */
function skipValue(bytes: Uint8Array, at: number): number {
  let depth = 0
  for (;;) {
    let byte = bytes[at]!
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      if (at === -1) return -1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === maxJsonDepth) return -1
      open[++depth] = byte === OPEN_BRACE ? 1 : 0
      at = skipSpace(bytes, at + 1)
      if (bytes[at] === (byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)) {
        depth--
        at++
      } else {
        if (byte === OPEN_BRACE) at = skipName(bytes, at)
        if (at === -1) return -1
        continue
      }
    } else {
      at = digit[byte] === 1 || byte === MINUS ? skipNumber(bytes, at) : skipWord(bytes, at)
      if (at === -1) return -1
    }
    // A value has ended: close what ends with it, up to where the next one begins.
    for (;;) {
      if (depth === 0) return at
      byte = bytes[at]!
      if (byte <= 0x20) {
        at = skipSpace(bytes, at)
        byte = bytes[at]!
      }
      const inObject = open[depth] === 1
      if (byte === COMMA) {
        at = skipSpace(bytes, at + 1)
        if (inObject) at = skipName(bytes, at)
        if (at === -1) return -1
        break
      }
      if (byte !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return -1
      depth--
      at++
    }
  }
}

/** The place where the value of the member begins whose name is at `at`. */
function skipName(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1
  at = skipString(bytes, at)
  if (at === -1) return -1
  if (bytes[at] !== COLON) {
    at = skipSpace(bytes, at)
    if (bytes[at] !== COLON) return -1
  }
  return skipSpace(bytes, at + 1)
}

function skipString(bytes: Uint8Array, at: number): number {
  at++
  for (;;) {
    while (plain[bytes[at]!] === 1) at++
    if (bytes[at] === QUOTE) return at + 1
    if (bytes[at] !== BACKSLASH) return -1
    const after = bytes[at + 1]!
    if (escapes[after] === 1) at += 2
    else if (after === 0x75 && isHex(bytes, at + 2)) at += 6
    else return -1
  }
}

function isHex(bytes: Uint8Array, at: number): boolean {
  for (let ahead = 0; ahead < 4; ahead++) if (hex[bytes[at + ahead]!] !== 1) return false
  return true
}

function skipWord(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x74: // true
      return bytes[at + 1] === 0x72 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x65 ? at + 4 : -1
    case 0x6e: // null
      return bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c ? at + 4 : -1
    case 0x66: // false
      return bytes[at + 1] === 0x61 &&
        bytes[at + 2] === 0x6c &&
        bytes[at + 3] === 0x73 &&
        bytes[at + 4] === 0x65
        ? at + 5
        : -1
    default:
      return -1
  }
}

/** number = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT ] */
function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) at++
  at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at)
  if (at !== -1 && bytes[at] === DOT) at = skipDigits(bytes, at + 1)
  if (at !== -1 && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const sign = bytes[at + 1]
    at = skipDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1)
  }
  return at
}

/** At least one digit. */
function skipDigits(bytes: Uint8Array, at: number): number {
  if (digit[bytes[at]!] !== 1) return -1
  while (digit[bytes[at]!] === 1) at++
  return at
}
