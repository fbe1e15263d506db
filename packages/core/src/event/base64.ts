/** Bytes as base64 (RFC 4648 § 4), without needing Node's Buffer. */
export function toBase64(data: Uint8Array): string {
  let binary = ''
  // fromCharCode takes its arguments on the stack, so a piece at a time.
  for (let at = 0; at < data.length; at += 8192)
    binary += String.fromCharCode(...data.subarray(at, at + 8192))
  return btoa(binary)
}

/** @returns `undefined` when the text is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text)
    const data = new Uint8Array(binary.length)
    for (let at = 0; at < binary.length; at++) data[at] = binary.charCodeAt(at)
    return data
  } catch {
    return undefined
  }
}
