/**
 * Escapes in names and values of headers; see frame.ts for what each version knows.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'
import type { Version } from './frame.ts'

const written: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', ':': '\\c', '\r': '\\r' }
const read: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', c: ':', r: '\r' }

/**
 * Text as it stands in a header. What a version cannot write is left out, so that no value can begin a header of its own:
 * line ends in 1.0, CR in 1.1 (a reader of 1.1 would refuse its escape), and a NUL in all.
 *
 * @param isName In 1.0 a name loses its colons too.
 */
export function escapeHeader(text: string, version: Version, isName: boolean): string {
  if (version === '1.0') return text.replaceAll(isName ? /[\n\r\0:]/g : /[\n\r\0]/g, '')
  // Most have nothing to escape.
  if (!/[\\\n:\r\0]/.test(text)) return text
  return text
    .replaceAll(version === '1.1' ? /[\r\0]/g : /\0/g, '')
    .replaceAll(/[\\\n:\r]/g, (one) => written[one]!)
}

/** @throws HEDDLE_STOMP_FRAME_INVALID for an escape that the version does not have. */
export function unescapeHeader(text: string, version: Version): string {
  if (version === '1.0' || !text.includes('\\')) return text
  return text.replaceAll(/\\(.?)/gs, (all, one: string) => {
    const meant = one === 'r' && version === '1.1' ? undefined : read[one]
    if (meant !== undefined) return meant
    throw new HeddleError(
      'HEDDLE_STOMP_FRAME_INVALID',
      `${JSON.stringify(all)} is not an escape of STOMP ${version}, in the header ${JSON.stringify(text.slice(0, 100))}`,
    )
  })
}
