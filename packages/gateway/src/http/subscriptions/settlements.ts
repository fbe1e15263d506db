/**
 * What consumers say of the events that they were given:
 *
 * ```
 * { "ack":     [ "lease", … ],
 *   "nack":    [ "lease" | { "lease": …, "delayMs"?: 60000, "reason"?: "no such customer", "giveUp"?: true }, … ],
 *   "release": [ "lease", … ],
 *   "extend":  [ { "lease": …, "ms": 30000 }, … ] }
 * ```
 *
 * @module
 */
import { HeddleError, type Settlement } from '@heddle/core'

/** Longest extension and delay, in milliseconds: a week, beyond which an event should not be a lease but a plan. */
const maxMs = 7 * 86_400_000

const invalid = (why: string): HeddleError => new HeddleError('HEDDLE_HTTP_BAD_REQUEST', why)

const fields = {
  ack: [],
  release: [],
  nack: ['delayMs', 'reason', 'giveUp'],
  extend: ['ms'],
} as const

/** @throws HEDDLE_HTTP_BAD_REQUEST */
export function settlementsOf(body: Readonly<Record<string, unknown>>): readonly Settlement[] {
  const settlements: Settlement[] = []
  for (const [as, list] of Object.entries(body)) {
    if (!Object.hasOwn(fields, as))
      throw invalid(
        `'${as}' is nothing that can be said of an event: there are ${Object.keys(fields).join(', ')}`,
      )
    if (!Array.isArray(list)) throw invalid(`${as} must be a list of leases`)
    for (const one of list) settlements.push(settlementOf(as as Settlement['as'], one))
  }
  return settlements
}

function settlementOf(as: Settlement['as'], said: unknown): Settlement {
  const { lease, ...rest } =
    typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : { lease: said }
  if (typeof lease !== 'string') throw invalid(`a lease in ${as} must be a text`)
  for (const name of Object.keys(rest)) {
    const known: readonly string[] = fields[as]
    if (!known.includes(name)) throw invalid(`${as} has no '${name}'`)
  }
  if (as === 'extend') return { lease, as, ms: time(rest['ms'], 'extend.ms') }
  if (as !== 'nack') return { lease, as }
  const { delayMs, reason, giveUp } = rest
  if (reason !== undefined && typeof reason !== 'string') throw invalid('nack.reason must be a text')
  if (giveUp !== undefined && typeof giveUp !== 'boolean') throw invalid('nack.giveUp must be true or false')
  return {
    lease,
    as,
    ...(delayMs !== undefined && { delayMs: time(delayMs, 'nack.delayMs') }),
    ...(reason !== undefined && { reason }),
    ...(giveUp !== undefined && { giveUp }),
  }
}

function time(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= maxMs) return value
  throw invalid(`${name} must be a whole number of milliseconds from 0 to ${maxMs}`)
}
