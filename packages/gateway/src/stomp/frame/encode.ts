import { escapeHeader } from './escape.ts'
import type { Frame, Version } from './frame.ts'

/** What a peer is sent when there is nothing else to send. */
export const heartBeat: Uint8Array = Buffer.from('\n')

/**
 * The bytes of a frame. `content-length` is the caller's to set; a body that holds a NUL needs it.
 *
 * @example socket.write(encodeFrame({ command: 'RECEIPT', headers: new Map([['receipt-id', '7']]), body: noBody }, '1.2'))
 */
export function encodeFrame({ command, headers, body }: Frame, version: Version): Buffer {
  // Neither is ever escaped: a peer reads them before it knows the version.
  const as = command === 'CONNECTED' || command === 'CONNECT' ? '1.0' : version
  let head = `${command}\n`
  for (const [name, value] of headers)
    head += `${escapeHeader(name, as, true)}:${escapeHeader(value, as, false)}\n`
  head += '\n'
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(head) + body.length + 1)
  const at = bytes.write(head)
  bytes.set(body, at)
  bytes[bytes.length - 1] = 0
  return bytes
}
