/**
 * Names of record headers, decoded. The same few names stand in every record, so that a table of those seen gives the
 * same string again, without decoding.
 *
 * @module
 */

/** A slot for each value of a small hash; a name that meets another in its slot replaces it. */
const slots: string[] = Array.from({ length: 256 }, () => '')

/** The name at that place of `buffer`. */
export function readName(buffer: Buffer, start: number, length: number): string {
  if (length === 0) return ''
  const slot =
    (length * 31 + buffer[start]! * 7 + buffer[start + (length >> 1)]! * 3 + buffer[start + length - 1]!) &
    255
  const known = slots[slot]!
  if (known.length === length) {
    let i = 0
    while (i < length && known.charCodeAt(i) === buffer[start + i]) i++
    // A code unit above 0x7f is never one byte of UTF-8, so that equal means equal for ASCII, which is all that is kept.
    if (i === length) return known
  }
  const name = buffer.toString('utf8', start, start + length)
  if (name.length === length && length <= 64 && isAscii(name)) slots[slot] = name
  return name
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
