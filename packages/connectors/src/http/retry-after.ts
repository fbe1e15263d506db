/**
 * Milliseconds that a `Retry-After` header asks for (RFC 9110 § 10.2.3: seconds, or an HTTP date), or `undefined` for
 * one that is absent or cannot be read.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
