/** Longest wait that an endpoint may ask for, in milliseconds: a day, beyond which it should suspend its subscription. */
const longest = 86_400_000

/** Milliseconds that `Retry-After` asks for (RFC 9110 § 10.2.3: seconds, or a date); `undefined` when it says nothing. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(longest, Math.max(0, ms))
}
