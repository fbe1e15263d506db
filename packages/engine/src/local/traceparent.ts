const pool = Buffer.alloc(24 * 128)
let used = pool.length

/**
 * A new trace context: a trace of its own, sampled.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function newTraceparent(): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const trace = pool.toString('hex', used, used + 16)
  const span = pool.toString('hex', used + 16, used + 24)
  used += 24
  return `00-${trace}-${span}-01`
}
