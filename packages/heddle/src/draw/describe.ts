import type { Grouping, Json, PlanComponent } from '@heddle/core'

export interface Description {
  /** Id of the component. */
  readonly title: string
  /** What it is in a few words, or '' when the title tells it. */
  readonly detail: string
}

/** A component in words. */
export function describeComponent({
  id,
  operator,
  config,
  parallelism,
  concurrency,
}: PlanComponent): Description {
  const words = operatorWords(operator, config)
  // `pushes.count` says itself that it is a `count`.
  const what = id === words || id.endsWith(`.${words}`) ? '' : words
  const tasks = parallelism > 1 ? `×${parallelism}` : ''
  const calls = concurrency > 1 ? `${concurrency} at once` : ''
  return { title: id, detail: [what, tasks, calls].filter((part) => part !== '').join(', ') }
}

type Config = Readonly<Record<string, Json | undefined>>
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function operatorWords(operator: string, config: Config): string {
  switch (operator) {
    case 'topic':
      return `topic ${text(config['topic'])}`
    case 'to-topic':
      return `topic ${text(config['topic'])}`
    case 'sink':
      return sinkWords(config)
    case 'filter':
      return config['cel'] === undefined ? 'filter' : `filter ${text(config['cel'])}`
    case 'window':
      return `${config['aggregate'] === 'count' ? 'count' : 'aggregate'} each ${duration(config['sizeMs'])}`
    case 'dedupe':
      return `dedupe within ${duration(config['withinMs'])}`
    case 'spout':
    case 'bolt':
      return ''
    default:
      return operator
  }
}

function sinkWords(config: Config): string {
  const settings = config['config'] as Config | undefined
  const where = text(settings?.['url']) || text(settings?.['path'])
  return [text(config['kind']), where].filter((part) => part !== '').join(' ')
}

/** How tuples are shared out, or '' for what needs no word. */
export function describeGrouping(grouping: Grouping): string {
  switch (grouping.kind) {
    case 'local-or-shuffle':
      return ''
    case 'fields':
      return `by ${grouping.fields.join(', ')}`
    case 'partial-key':
      return `by part of ${grouping.fields.join(', ')}`
    default:
      return grouping.kind
  }
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const

/** Milliseconds as people write them: `60000` is `1m`. */
export function duration(ms: unknown): string {
  if (typeof ms !== 'number') return ''
  const unit = units.find(([size]) => ms >= size && ms % size === 0)
  return unit ? `${ms / unit[0]}${unit[1]}` : `${ms}ms`
}
