/** What a group measured: both sides of one comparison, and what the ratio of the two should be. */
export type Measured = {
  /** What is compared, in words: 'embedded append, fsync, 1 KB, batches of 500'. */
  readonly figure: string
  readonly ours: number
  /** The other side, measured in the same run; for a bound that is not measured ('under 130 MB'), the bound. */
  readonly reference: number
  /** Of both sides: 'records/s', 'ms', 'MB'. */
  readonly unit: string
  /** How it was measured: payload, batch, fsync mode, connections, what the reference is. */
  readonly conditions: Readonly<Record<string, string | number | boolean>>
} & ({ readonly atLeast: number } | { readonly atMost: number })

/** A line of bench/results/NAME.json. */
export interface Figure {
  readonly figure: string
  readonly ours: number
  readonly reference: number
  /** ours / reference. */
  readonly ratio: number
  /** The ratio that is wanted; `conditions.wanted` says whether at least or at most. */
  readonly target: number
  readonly holds: boolean
  readonly unit: string
  readonly conditions: Readonly<Record<string, string | number | boolean>>
}

/** A group calls this once for each figure, as soon as it has it. */
export type Report = (measured: Measured) => void

export function toFigure(measured: Measured, machine: Figure['conditions']): Figure {
  const { figure, ours, reference, unit } = measured
  const ratio = ours / reference
  const [target, holds, wanted] =
    'atLeast' in measured
      ? [measured.atLeast, ratio >= measured.atLeast, `at least ${measured.atLeast}`]
      : [measured.atMost, ratio <= measured.atMost, `at most ${measured.atMost}`]
  const conditions = { wanted, ...measured.conditions, ...machine }
  return {
    figure,
    ours: rounded(ours),
    reference: rounded(reference),
    ratio: rounded(ratio),
    target,
    holds,
    unit,
    conditions,
  }
}

/** Four digits say all that a measurement knows. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
