import { type Plan, type PlanComponent, type PlanInput, defaultStream } from '@heddle/core'
import { describeComponent, describeGrouping } from './describe.ts'

export interface TreeOptions {
  /** Lines longer than this are cut; in characters. Default 100. */
  readonly width?: number
  /** Shown at the right end of a component's line, such as its rate. */
  readonly note?: (component: PlanComponent) => string
}

/**
 * The plan as a tree in plain text: sources at the left, each component below what it takes from. One that takes from
 * several is drawn once, and then referred to.
 *
 * @example
 * from-orders        topic orders
 * └─ route           route
 *    ├─ large → to-large   topic large
 *    └─ rest → drop        drop
 */
export function tree(plan: Plan, options: TreeOptions = {}): string {
  const { width = 100, note = () => '' } = options
  const takers = new Map<string, { readonly taker: PlanComponent; readonly input: PlanInput }[]>()
  for (const taker of plan.components)
    for (const input of taker.inputs) {
      const list = takers.get(input.from)
      if (list) list.push({ taker, input })
      else takers.set(input.from, [{ taker, input }])
    }

  const rows: { readonly left: string; readonly detail: string; readonly note: string }[] = []
  const drawn = new Set<string>()
  const draw = (component: PlanComponent, arm: string, below: string, label: string): void => {
    const { title, detail } = describeComponent(component)
    if (drawn.has(component.id)) {
      rows.push({ left: `${arm}${label}${title}`, detail: '(above)', note: '' })
      return
    }
    drawn.add(component.id)
    rows.push({ left: `${arm}${label}${title}`, detail, note: note(component) })
    const takersHere = takers.get(component.id) ?? []
    takersHere.forEach(({ taker, input }, index) => {
      const last = index === takersHere.length - 1
      draw(taker, `${below}${last ? '└─ ' : '├─ '}`, `${below}${last ? '   ' : '│  '}`, labelOf(input))
    })
  }
  for (const component of plan.components) if (component.inputs.length === 0) draw(component, '', '', '')

  const left = Math.max(...rows.map((row) => row.left.length))
  const right = Math.max(...rows.map((row) => row.note.length))
  const room = Math.max(0, width - left - 2 - (right === 0 ? 0 : right + 2))
  return rows
    .map((row) => {
      const detail = row.detail.length > room ? `${row.detail.slice(0, Math.max(0, room - 1))}…` : row.detail
      const line = `${row.left.padEnd(left)}  ${right === 0 ? detail : detail.padEnd(room)}`
      return (right === 0 ? line : `${line}  ${row.note.padStart(right)}`).trimEnd()
    })
    .map((line) => `${line}\n`)
    .join('')
}

function labelOf({ stream, grouping }: PlanInput): string {
  const words = [stream === defaultStream ? '' : stream, describeGrouping(grouping)].filter(
    (part) => part !== '',
  )
  return words.length === 0 ? '' : `${words.join(', ')} → `
}
