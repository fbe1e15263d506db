/**
 * Durations and sizes as people write them.
 *
 * @module
 */
import { HeddleError } from './errors.ts'

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const sizeUnits = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 } as const

/** A number of milliseconds, or a number with a unit: `'250ms'`, `'1.5s'`, `'1m'`, `'2h'`, `'7d'`. */
export type Duration = number | `${number}${keyof typeof durationUnits}`

/** A number of bytes, or a number with a unit: `'512b'`, `'64kb'`, `'64mb'`, `'2gb'` (powers of 1024). */
export type Size = number | `${number}${keyof typeof sizeUnits}`

const read = (text: string | number, units: Readonly<Record<string, number>>, what: string): number => {
  if (typeof text === 'number') {
    if (Number.isFinite(text) && text >= 0) return text
    throw new HeddleError('HEDDLE_UNIT_INVALID', `${text} as a ${what}`)
  }
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim())
  const unit = match && units[match[2]!.toLowerCase()]
  if (!match || !unit)
    throw new HeddleError(
      'HEDDLE_UNIT_INVALID',
      `'${text}' as a ${what}; units are ${Object.keys(units).join(', ')}`,
    )
  return Math.round(Number(match[1]) * unit)
}

/**
 * Milliseconds of a duration.
 * @throws HEDDLE_UNIT_INVALID
 */
export const milliseconds = (duration: Duration): number => read(duration, durationUnits, 'duration')

/**
 * Bytes of a size.
 * @throws HEDDLE_UNIT_INVALID
 */
export const bytes = (size: Size): number => read(size, sizeUnits, 'size')
