/**
 * What is between two plans of one topology, and whether the second may take over from the first. A plan does not hold
 * code: where only functions have changed, there is no difference to see, and state is kept.
 *
 * @module
 */
import { didYouMean } from './check.ts'
import type { Json, Plan, PlanComponent } from './plan.ts'
import { stateLayouts } from './state-layout.ts'

/** A value that differs. Where one side has none, the other was added, or is gone. */
export interface FieldChange {
  /** Such as `config.withinMs`, `parallelism`, `inputs`, `streams.default`. */
  readonly path: string
  readonly before?: Json
  readonly after?: Json
}

/** What becomes of a component's state: `dropped` is gone for good, `new` begins empty. */
export type StateFate = 'none' | 'kept' | 'new' | 'dropped' | 'replaced'

export interface ComponentDiff {
  readonly id: string
  readonly change: 'added' | 'removed' | 'changed'
  /** The id that it had before, where it was renamed. */
  readonly was?: string
  readonly fields: readonly FieldChange[]
  /** `replaced`: what was there is dropped, and it begins empty. */
  readonly state: StateFate
}

export interface TopicDiff {
  readonly name: string
  readonly change: 'added' | 'removed'
}

/** Why one plan cannot take over from the other. */
export interface PlanConflict {
  /** Id of the component, where it is one's. */
  readonly component?: string
  /** What is wrong, and what can be done about it. */
  readonly message: string
}

export interface PlanDiff {
  readonly topology: string
  /** Those that differ, in the order of the plans: first what is there now, then what is gone. */
  readonly components: readonly ComponentDiff[]
  readonly settings: readonly FieldChange[]
  readonly topics: readonly TopicDiff[]
  /** What is allowed, and good to know. */
  readonly notes: readonly string[]
  /** Empty when the second plan may take over. */
  readonly conflicts: readonly PlanConflict[]
}

export interface DiffOptions {
  /** Components that have another id now: old id → new id. Their state goes with them. */
  readonly renamed?: Readonly<Record<string, string>>
  /** Components whose state may be dropped where the change needs that; ids of the plan before. */
  readonly dropState?: readonly string[]
  /** Layouts of the state as it was written, by component. Default: those that the operators of today have. */
  readonly layouts?: Readonly<Record<string, string>>
}

/**
 * Compares the plan that runs with the one that shall run.
 *
 * @example
 * const { conflicts, components } = diffPlans(running, next, { dropState: ['count'] })
 */
export function diffPlans(before: Plan, after: Plan, options: DiffOptions = {}): PlanDiff {
  const renames = checkRenames(before, after, options)
  const nameNow = (id: string): string => renames.names.get(id) ?? id
  const nameBefore = new Map([...renames.names].map(([old, now]) => [now, old]))
  const old = new Map(before.components.map((component) => renamed(component, nameNow)).map(withId))
  const now = new Map(after.components.map(withId))
  const layoutsBefore = options.layouts ?? stateLayouts(before.components)
  const layoutsAfter = stateLayouts(after.components)
  const mayDrop = new Set(options.dropState)
  const conflicts: PlanConflict[] = [...renames.conflicts, ...checkDrops(before, after, mayDrop)]
  const conflict = (component: string, message: string): void => void conflicts.push({ component, message })

  const components: ComponentDiff[] = []
  for (const [id, component] of now) {
    const former = old.get(id)
    const layout = layoutsAfter[id]
    if (!former) {
      components.push({ id, change: 'added', fields: [], state: layout === undefined ? 'none' : 'new' })
      continue
    }
    const was = nameBefore.get(id)
    const formerId = was ?? id
    const formerLayout = layoutsBefore[formerId]
    const state = fateOf(formerLayout, layout)
    if ((state === 'replaced' || state === 'dropped') && !mayDrop.has(formerId))
      conflict(id, stateMessage(formerId, formerLayout!, layout))
    const fields = diffFields({ ...former }, { ...component })
    if (fields.length === 0 && was === undefined && formerLayout === layout) continue
    components.push({ id, change: 'changed', ...(was !== undefined && { was }), fields, state })
  }
  for (const [id, component] of old) {
    if (now.has(id)) continue
    const had = layoutsBefore[id] !== undefined
    components.push({ id, change: 'removed', fields: [], state: had ? 'dropped' : 'none' })
    // What is left in the outbox of a sink is the engine's to look at: see `Engine.deploy`.
    if (had && component.operator !== 'sink' && !mayDrop.has(id)) conflict(id, goneMessage(id, after, old))
  }
  return {
    topology: after.name,
    components,
    settings: diffFields({ ...before.settings }, { ...after.settings }),
    topics: diffTopics(before, after),
    notes: notesOf(before, after),
    conflicts,
  }
}

/** True when there is nothing between the two plans. */
export const isSamePlan = ({ components, settings, topics }: PlanDiff): boolean =>
  components.length === 0 && settings.length === 0 && topics.length === 0

const withId = (component: PlanComponent): readonly [string, PlanComponent] => [component.id, component]

function renamed(component: PlanComponent, nameNow: (id: string) => string): PlanComponent {
  const inputs = component.inputs.map((input) => ({ ...input, from: nameNow(input.from) }))
  return { ...component, id: nameNow(component.id), inputs }
}

function fateOf(before: string | undefined, after: string | undefined): StateFate {
  if (before === undefined) return after === undefined ? 'none' : 'new'
  if (after === undefined) return 'dropped'
  return before === after ? 'kept' : 'replaced'
}

const stateMessage = (id: string, before: string, after: string | undefined): string =>
  `the state of '${id}' is of the layout ${before}, and ` +
  (after === undefined ? 'it would have none now' : `it would be of the layout ${after} now`) +
  `: leave it as it was, give the new one another name, or drop the state (--drop-state ${id})`

function goneMessage(id: string, after: Plan, old: ReadonlyMap<string, PlanComponent>): string {
  const added = after.components.filter(
    (each) => !old.has(each.id) && each.operator === old.get(id)!.operator,
  )
  const rename = added.length > 0 ? `, say what it is called now (--rename ${id}=${added[0]!.id})` : ''
  return `'${id}' has state and is no longer there: put it back${rename}, or drop the state (--drop-state ${id})`
}

function checkRenames(
  before: Plan,
  after: Plan,
  { renamed = {} }: DiffOptions,
): { readonly names: ReadonlyMap<string, string>; readonly conflicts: readonly PlanConflict[] } {
  const conflicts: PlanConflict[] = []
  const names = new Map<string, string>()
  const old = new Map(before.components.map(withId))
  const now = new Set(after.components.map(({ id }) => id))
  const fault = (component: string, message: string): void => void conflicts.push({ component, message })
  for (const [from, to] of Object.entries(renamed)) {
    if (!old.has(from)) fault(from, `there is no '${from}' to rename${didYouMean(from, old.keys())}`)
    else if (!now.has(to))
      fault(to, `'${from}' cannot become '${to}', which is not there${didYouMean(to, now)}`)
    else if (old.has(to)) fault(to, `'${from}' cannot become '${to}': there was a '${to}' before`)
    else if ([...names.values()].includes(to)) fault(to, `two components cannot both become '${to}'`)
    else if (old.get(from)!.operator === 'sink')
      fault(from, `the sink '${from}' cannot be renamed: leave that out, and its outbox is delivered first`)
    else names.set(from, to)
  }
  return { names, conflicts }
}

function checkDrops(before: Plan, after: Plan, mayDrop: ReadonlySet<string>): readonly PlanConflict[] {
  const ids = new Set([...before.components, ...after.components].map(({ id }) => id))
  return [...mayDrop]
    .filter((id) => !ids.has(id))
    .map((component) => ({
      component,
      message: `there is no '${component}' whose state could be dropped${didYouMean(component, ids)}`,
    }))
}

function diffTopics(before: Plan, after: Plan): readonly TopicDiff[] {
  const old = new Set(before.topics.map(({ name }) => name))
  const now = new Set(after.topics.map(({ name }) => name))
  return [
    ...[...now].filter((name) => !old.has(name)).map((name): TopicDiff => ({ name, change: 'added' })),
    ...[...old].filter((name) => !now.has(name)).map((name): TopicDiff => ({ name, change: 'removed' })),
  ]
}

function notesOf(before: Plan, after: Plan): readonly string[] {
  const notes: string[] = []
  const readBefore = inputTopics(before)
  const readNow = inputTopics(after)
  for (const topic of readBefore)
    if (!readNow.has(topic)) notes.push(`'${topic}' is no longer read; how far it was read is kept`)
  for (const topic of readNow)
    if (!readBefore.has(topic))
      notes.push(`'${topic}' is read too: from its beginning, or from where this topology once left it`)
  if (before.settings.guarantee !== after.settings.guarantee)
    notes.push(`from here on it is ${after.settings.guarantee}`)
  if (before.settings.deadLetterTopic !== after.settings.deadLetterTopic)
    notes.push(
      `dead letters go to '${after.settings.deadLetterTopic}'; those in '${before.settings.deadLetterTopic}' stay there`,
    )
  return notes
}

const inputTopics = (plan: Plan): ReadonlySet<string> =>
  new Set(
    plan.components
      .filter(({ operator }) => operator === 'topic')
      .map(({ config }) => config['topic'] as string),
  )

type Fields = Readonly<Record<string, unknown>>

/** Leaves that differ, by their paths; lists are compared as a whole. */
function diffFields(before: Fields, after: Fields, path = ''): readonly FieldChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name): readonly FieldChange[] => {
    const [old, now] = [before[name], after[name]]
    const place = `${path}${name}`
    if (isFields(old) && isFields(now)) return diffFields(old, now, `${place}.`)
    if (same(old, now)) return []
    return [
      {
        path: place,
        ...(old !== undefined && { before: old as Json }),
        ...(now !== undefined && { after: now as Json }),
      },
    ]
  })
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whatever the order of the names of an object is. */
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each, at) => same(each, b[at]))
  if (!isFields(a) || !isFields(b)) return Object.is(a, b)
  return diffFields(a, b).length === 0
}
