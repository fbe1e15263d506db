/**
 * Finds what is wrong with a plan before anything runs.
 *
 * @module
 */
import { type Plan, type PlanComponent, type PlanInput, defaultStream, errorStream } from './plan.ts'

export interface Mistake {
  /** Id of the component, where it is one's. */
  readonly component?: string
  readonly message: string
  /** File, line and column in the user's code, where known. */
  readonly place?: string
  /** The line in the user's file, and carets under what is meant, where that is known. */
  readonly excerpt?: string
}

export interface CheckContext {
  /** Where each component was written. */
  readonly places?: ReadonlyMap<string, string | undefined>
  /** Streams that some component must take. Default: all that are declared, `$error` apart. */
  readonly open?: ReadonlyMap<string, readonly string[]>
}

/** As Storm and Kafka both take it, so that a plan can run on each. */
const topologyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/
const componentId = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,199}$/

/** Every mistake, in the order of the components; an empty list when there is none. */
export function checkPlan(plan: Plan, { places, open }: CheckContext = {}): readonly Mistake[] {
  const mistakes: Mistake[] = []
  const report = (message: string, component?: string): void => {
    const place = component === undefined ? undefined : places?.get(component)
    mistakes.push({
      message,
      ...(component !== undefined && { component }),
      ...(place !== undefined && { place }),
    })
  }
  const components = new Map(plan.components.map((component) => [component.id, component]))
  // With two components of one name, what is said of their inputs would be said of the wrong one.
  const unique = components.size === plan.components.length

  if (!topologyName.test(plan.name))
    report(`the name '${plan.name}' has characters other than letters, digits, '.', '_' and '-'`)
  checkSettings(plan, report)
  if (!plan.components.some(({ kind }) => kind === 'spout'))
    report('it has no source: begin with from() or a spout')

  const seen = new Set<string>()
  for (const component of plan.components) {
    const fault = (message: string): void => report(message, component.id)
    if (seen.has(component.id)) fault(`two components have the name '${component.id}'`)
    seen.add(component.id)
    checkComponent(component, fault)
    if (unique) for (const input of component.inputs) checkInput(component, input, components, fault)
    if (
      plan.settings.guarantee === 'exactly-once' &&
      component.kind === 'spout' &&
      component.operator !== 'topic'
    ) {
      fault(
        `the spout '${component.id}' cannot be exactly-once: only topics can, since they are read again by offset`,
      )
    }
  }
  if (unique) checkReach(plan, report)
  checkOpen(plan, open, report)
  return mistakes
}

type Report = (message: string, component?: string) => void

function checkSettings({ settings }: Plan, report: Report): void {
  const whole = (name: keyof typeof settings, least: number): void => {
    const value = settings[name]
    if (!Number.isInteger(value) || (value as number) < least)
      report(`${name} must be a whole number from ${least} on, and is ${JSON.stringify(value)}`)
  }
  whole('maxPending', 1)
  whole('messageTimeoutMs', 1)
  whole('commitIntervalMs', 1)
  whole('tickIntervalMs', 1)
  whole('maxOutOfOrderMs', 0)
  whole('idleAfterMs', 1)
  if (settings.threads !== undefined) whole('threads', 1)
  if (settings.guarantee !== 'at-least-once' && settings.guarantee !== 'exactly-once') {
    report(`guarantee must be 'at-least-once' or 'exactly-once', and is '${String(settings.guarantee)}'`)
  }
}

function checkComponent(component: PlanComponent, fault: (message: string) => void): void {
  const { id, kind, parallelism, concurrency, retry, inputs } = component
  if (!componentId.test(id))
    fault(`the name '${id}' has characters other than letters, digits, ' ', '.', '_' and '-'`)
  if (!Number.isInteger(parallelism) || parallelism < 1)
    fault(`parallelism of '${id}' must be a whole number from 1 on, and is ${parallelism}`)
  if (!Number.isInteger(concurrency) || concurrency < 1)
    fault(`concurrency of '${id}' must be a whole number from 1 on, and is ${concurrency}`)
  if (!Number.isInteger(retry.attempts) || retry.attempts < 1)
    fault(`retry of '${id}' must have 1 attempt or more, and has ${retry.attempts}`)
  if (!(retry.jitter >= 0 && retry.jitter <= 1))
    fault(`jitter of '${id}' must be from 0 to 1, and is ${retry.jitter}`)
  if (!(retry.factor >= 1)) fault(`factor of '${id}' must be 1 or more, and is ${retry.factor}`)
  if (kind === 'spout' && inputs.length > 0)
    fault(`the spout '${id}' takes from '${inputs[0]!.from}', and spouts take from nothing`)
  if (kind === 'bolt' && inputs.length === 0)
    fault(`the bolt '${id}' takes from nothing: give it a grouping, such as .shuffle(…)`)
  for (const [stream, fields] of Object.entries(component.streams)) {
    const twice = fields.find((field, index) => fields.indexOf(field) !== index)
    if (twice !== undefined) fault(`stream '${stream}' of '${id}' declares the field '${twice}' twice`)
  }
}

function checkInput(
  component: PlanComponent,
  { from, stream, grouping }: PlanInput,
  components: ReadonlyMap<string, PlanComponent>,
  fault: (message: string) => void,
): void {
  const source = components.get(from)
  if (!source) {
    fault(
      `'${component.id}' takes from '${from}', which is not in the topology${didYouMean(from, components.keys())}`,
    )
    return
  }
  const fields = source.streams[stream]
  if (!fields) {
    const declared = Object.keys(source.streams)
    const hint = declared.length === 0 ? '; it declares none' : didYouMean(stream, declared)
    fault(`'${component.id}' takes stream '${stream}' of '${from}', which does not declare it${hint}`)
    return
  }
  if (grouping.kind !== 'fields' && grouping.kind !== 'partial-key') return
  if (grouping.fields.length === 0) fault(`the ${grouping.kind} grouping of '${component.id}' names no field`)
  for (const field of grouping.fields) {
    if (fields.includes(field)) continue
    fault(
      `'${component.id}' groups by the field '${field}', which stream '${stream}' of '${from}' does not have${didYouMean(field, fields)}`,
    )
  }
}

/** Circles, and components that no spout leads to. */
function checkReach(plan: Plan, report: Report): void {
  const reached = new Set<string>()
  let grown = true
  while (grown) {
    grown = false
    for (const { id, kind, inputs } of plan.components) {
      if (reached.has(id) || (kind === 'bolt' && !inputs.some(({ from }) => reached.has(from)))) continue
      reached.add(id)
      grown = true
    }
  }
  for (const { id, inputs } of plan.components) {
    if (!reached.has(id) && inputs.length > 0) report(`no spout leads to '${id}'`, id)
  }
  const circle = findCircle(plan)
  if (circle)
    report(
      `components go round in a circle: ${circle.join(' → ')}; a topology has to be free of circles`,
      circle[0],
    )
}

function findCircle(plan: Plan): readonly string[] | undefined {
  const inputs = new Map(
    plan.components.map((component) => [component.id, component.inputs.map(({ from }) => from)]),
  )
  const clear = new Set<string>()
  const path: string[] = []
  const visit = (id: string): readonly string[] | undefined => {
    if (clear.has(id)) return undefined
    const start = path.indexOf(id)
    if (start >= 0) return [id, ...path.slice(start).toReversed()]
    path.push(id)
    for (const from of inputs.get(id) ?? []) {
      const circle = visit(from)
      if (circle) return circle
    }
    path.pop()
    clear.add(id)
    return undefined
  }
  for (const { id } of plan.components) {
    const circle = visit(id)
    if (circle) return circle
  }
  return undefined
}

/** Streams that go nowhere, so that what is in them would be lost without a word. */
function checkOpen(plan: Plan, open: CheckContext['open'], report: Report): void {
  const taken = new Set(
    plan.components.flatMap(({ inputs }) => inputs.map(({ from, stream }) => `${from}\n${stream}`)),
  )
  for (const { id, streams } of plan.components) {
    const mustBeTaken = open?.get(id) ?? Object.keys(streams).filter((stream) => stream !== errorStream)
    for (const stream of mustBeTaken) {
      if (taken.has(`${id}\n${stream}`)) continue
      const what =
        stream === defaultStream ? `'${id}' goes nowhere` : `stream '${stream}' of '${id}' goes nowhere`
      report(`${what}: end it with .to(…), or with .drop()`, id)
    }
  }
}

/** `, did you mean 'x'?` for the nearest of the names, or what there is. */
export function didYouMean(wrong: string, names: Iterable<string>): string {
  const all = [...names]
  const nearest = all
    .map((name) => ({ name, distance: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  if (nearest && nearest.distance <= Math.max(2, wrong.length / 3)) return `; did you mean '${nearest.name}'?`
  return all.length > 0
    ? `; there ${all.length === 1 ? 'is' : 'are'} ${all
        .slice(0, 10)
        .map((name) => `'${name}'`)
        .join(', ')}`
    : ''
}

/** Levenshtein's: how many letters have to change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change))
    }
    row = next
  }
  return row[b.length]!
}
