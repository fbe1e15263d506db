import type { Grouping, PlanComponent } from '../plan/plan.ts'
import type { Part } from './assemble.ts'
import { callSite } from './call-site.ts'
import { defaultRetry } from './retry.ts'

/** A step of a flow: a component before it has its final id, holding the steps that it takes from. */
export interface Step extends Omit<PlanComponent, 'id' | 'inputs'>, Omit<Part, 'component' | 'open'> {
  /** Wished id; a second one of the same name gets `-2`, unless it was given by the user. */
  readonly name: string
  readonly named: boolean
  readonly inputs: readonly StepInput[]
}

export interface StepInput {
  readonly from: Step
  readonly stream: string
  readonly grouping: Grouping
}

/** A step, with defaults for all that is not said. */
export function step(parts: Partial<Step> & Pick<Step, 'name' | 'kind' | 'operator'>): Step {
  return {
    named: false,
    config: {},
    code: {},
    parallelism: 1,
    concurrency: 1,
    retry: defaultRetry,
    streams: {},
    inputs: [],
    topics: [],
    at: callSite(),
    ...parts,
  }
}

/** Takes a step's stream; any task does. */
export const local = (from: Step, stream = 'default'): StepInput => ({
  from,
  stream,
  grouping: { kind: 'local-or-shuffle' },
})

/** Takes a step's elements by key: same key, same task. */
export const keyed = (from: Step, stream = 'default'): StepInput => ({
  from,
  stream,
  grouping: { kind: 'fields', fields: ['key'] },
})

/**
 * All steps that lead to the ends, as parts of a plan. In a flow every stream has to be taken.
 *
 * @param taken Ids that they may not have.
 */
export function partsOf(ends: readonly Step[], taken: Iterable<string> = []): readonly Part[] {
  const steps = leadingTo(ends)
  const ids = idsOf(steps, taken)
  const id = (each: Step): string => ids.get(each)!
  return steps.map((each): Part => {
    const { kind, operator, config, parallelism, concurrency, retry, streams, code, topics, at } = each
    const inputs = each.inputs.map(({ from, stream, grouping }) => ({ from: id(from), stream, grouping }))
    const component = {
      id: id(each),
      kind,
      operator,
      config,
      parallelism,
      concurrency,
      retry,
      streams,
      inputs,
    }
    return { component, code, topics, open: Object.keys(streams), at }
  })
}

function leadingTo(ends: readonly Step[]): readonly Step[] {
  const found = new Set<Step>()
  const visit = (each: Step): void => {
    if (found.has(each)) return
    for (const { from } of each.inputs) visit(from)
    found.add(each)
  }
  for (const end of ends) visit(end)
  return [...found]
}

/** Ids: what the user named stays as it is (and may clash, which is a mistake); the others get a number if need be. */
function idsOf(steps: readonly Step[], others: Iterable<string>): ReadonlyMap<Step, string> {
  const taken = new Set(others)
  for (const { named, name } of steps) if (named) taken.add(name)
  const ids = new Map<Step, string>()
  for (const each of steps) {
    let id = each.name
    if (!each.named) {
      for (let number = 2; taken.has(id); number++) id = `${each.name}-${number}`
      taken.add(id)
    }
    ids.set(each, id)
  }
  return ids
}
