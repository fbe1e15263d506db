/**
 * Attribute values in HTTP headers (CloudEvents HTTP binding § 3.1.3.2).
 *
 * ```
 * value   = *( printable / "%" HEXDIG HEXDIG )    printable: U+0021–U+007E but '"' and '%'; the rest as UTF-8, percent-encoded
 * or, from older senders: DQUOTE *( qdtext / "\" char ) DQUOTE, unquoted first, then percent-decoded
 * ```
 *
 * @module
 */
import { HeddleError } from '@heddle/core'

const printable = /^[\x21\x23\x24\x26-\x7e]*$/

/** Writes an attribute value for a header. */
export function encodeHeaderValue(value: string): string {
  if (printable.test(value)) return value
  let text = ''
  // By code point: a surrogate pair is one character.
  for (const char of value) text += printable.test(char) ? char : percent(char)
  return text
}

const percent = (char: string): string =>
  [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/**
 * Reads an attribute value from a header.
 * @throws HEDDLE_EVENT_INVALID when it is not UTF-8 once decoded.
 */
export function decodeHeaderValue(value: string, attribute: string): string {
  const text = value.startsWith('"') ? unquote(value.trim()) : value
  // Bytes above 0x7f that a sender did not encode: Node reads headers as latin1, and most senders mean UTF-8.
  const plain = isAscii(text) ? text : Buffer.from(text, 'latin1').toString('utf8')
  if (!plain.includes('%')) return plain
  try {
    // A % that begins no escape stands for itself: senders before 1.0.1 did not encode it.
    return decodeURIComponent(plain.replace(/%(?![\da-f]{2})/gi, '%25'))
  } catch (error) {
    throw new HeddleError('HEDDLE_EVENT_INVALID', `${attribute} is percent-encoded, but not as UTF-8`, {
      cause: error,
      info: { attribute },
    })
  }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

const unquote = (text: string): string =>
  text.length >= 2 && text.endsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
