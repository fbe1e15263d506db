import { type Json, type PlanDiff, isSamePlan } from '@heddle/core'

export type Mark = 'added' | 'removed' | 'changed' | 'note' | 'conflict'

export interface DifferenceLine {
  readonly mark: Mark
  readonly text: string
}

const signs: Readonly<Record<Mark, string>> = {
  added: '+',
  removed: '-',
  changed: '~',
  note: ' ',
  conflict: '!',
}

/** Longest value that is shown whole, in characters. */
const maxValue = 60

/**
 * What is between two plans, a line for each thing. `undefined` stands for a topology that never ran.
 *
 * @example
 * // ~ count: parallelism 1 → 4 (its state is kept)
 */
export function difference(diff: PlanDiff | undefined): readonly DifferenceLine[] {
  if (!diff) return [line('note', 'it runs for the first time')]
  const { components, settings, topics, notes, conflicts } = diff
  if (isSamePlan(diff)) return [line('note', 'the plan is the same; only code may differ')]
  return [
    ...components.flatMap(({ id, change, was, fields, state }) => {
      const name = was === undefined ? id : `${was} is ${id} now`
      const head = line(change, `${name}${fates[state]}`)
      return [
        head,
        ...fields.map(({ path, before, after }) => line('changed', `  ${path}: ${values(before, after)}`)),
      ]
    }),
    ...settings.map(({ path, before, after }) =>
      line('changed', `setting ${path}: ${values(before, after)}`),
    ),
    ...topics.map(({ name, change }) => line(change, `topic ${name}`)),
    ...notes.map((note) => line('note', note)),
    ...conflicts.map(({ message }) => line('conflict', message)),
  ]
}

const fates = {
  none: '',
  kept: ': its state is kept',
  new: ': it begins without state',
  dropped: ': its state is dropped',
  replaced: ': its state is dropped, and it begins anew',
} as const

const line = (mark: Mark, text: string): DifferenceLine => ({ mark, text: `${signs[mark]} ${text}` })

const values = (before: Json | undefined, after: Json | undefined): string =>
  `${shown(before)} → ${shown(after)}`

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > maxValue ? `${text.slice(0, maxValue - 1)}…` : text
}
