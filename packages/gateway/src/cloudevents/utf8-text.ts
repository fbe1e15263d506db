import { isAscii, isUtf8 } from 'node:buffer'

/** Parts of bytes as text. */
export type TextSlices = (start: number, end: number) => string

/** How to get text from parts of these bytes; `undefined` when they are not UTF-8. */
export function textSlices(bytes: Buffer): TextSlices | undefined {
  // Most are ASCII: then places in the bytes are places in the text, and slices of it are no copies.
  if (isAscii(bytes)) {
    const text = bytes.toString('latin1')
    return (start, end) => text.slice(start, end)
  }
  return isUtf8(bytes) ? (start, end) => bytes.toString('utf8', start, end) : undefined
}
