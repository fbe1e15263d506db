import type { RestoreProgress } from '@heddle/core'

const width = 24

/** `430k`, `1.2M`: three digits are enough to see whether it moves. */
export function short(count: number): string {
  if (count < 1000) return String(Math.round(count))
  const [divisor, unit] = count < 999_500 ? [1e3, 'k'] : count < 999_500_000 ? [1e6, 'M'] : [1e9, 'G']
  const value = count / divisor
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${unit}`
}

/** What several restores have come to together. */
export function together(progress: readonly RestoreProgress[]): RestoreProgress {
  const sum = (of: (each: RestoreProgress) => number): number =>
    progress.reduce((all, each) => all + of(each), 0)
  return {
    store: progress.length === 1 ? progress[0]!.store : `${progress.length} stores`,
    state: 'running',
    done: sum(({ done }) => done),
    total: sum(({ total }) => total),
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    elapsedMs: Math.max(0, ...progress.map(({ elapsedMs }) => elapsedMs)),
  }
}

export const share = ({ done, total }: RestoreProgress): number => (total === 0 ? 1 : done / total)

/** Records a second since it began. */
export const rate = ({ records, elapsedMs }: RestoreProgress): number =>
  Math.round((1000 * records) / Math.max(1, elapsedMs))

/** Seconds that the rest takes if it goes on as before; `undefined` while nothing can be said. */
export function secondsLeft({ done, total, elapsedMs }: RestoreProgress): number | undefined {
  return done === 0 ? undefined : Math.ceil(((total - done) * elapsedMs) / done / 1000)
}

/** `██████████░░░░░░░░░░░░░░ 43%  430k of 1.0M, 201k/s, 3 s left` */
export function bar(progress: RestoreProgress): string {
  const full = Math.floor(width * share(progress))
  const left = secondsLeft(progress)
  const percent = `${Math.floor(100 * share(progress))}%`.padStart(4)
  return (
    `${'█'.repeat(full)}${'░'.repeat(width - full)}${percent}  ` +
    `${short(progress.done)} of ${short(progress.total)}, ${short(rate(progress))}/s` +
    (left === undefined ? '' : `, ${left} s left`)
  )
}
