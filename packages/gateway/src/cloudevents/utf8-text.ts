import { isAscii, isUtf8 } from 'node:buffer'

/** Bytes as text; `undefined` when they are not UTF-8. Most are ASCII, and a copy is all that these need. */
export function utf8Text(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
