import { HeddleError } from '../errors.ts'
import { checkPlan } from '../plan/check.ts'
import { deepFreeze } from '../plan/freeze.ts'
import type { Plan, PlanComponent } from '../plan/plan.ts'
import type { TopicSpec } from '../ports/log.ts'
import { type TopologyOptions, planSettings } from './options.ts'
import type { ComponentCode, Topology } from './topology.ts'

/** A component as a builder hands it over. */
export interface Part {
  readonly component: PlanComponent
  readonly code: ComponentCode
  readonly topics: readonly TopicSpec[]
  /** Streams that must be taken by some other component. */
  readonly open: readonly string[]
  /** Where the user wrote it, for error messages. */
  readonly at: string | undefined
}

/**
 * The plan and the code of all parts.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID with every mistake and its place.
 */
export function assemble(
  name: string,
  options: TopologyOptions,
  parts: readonly Part[],
): Pick<Topology, 'plan' | 'code'> {
  const ordered = inOrder(parts)
  const components = ordered.map(({ component }) => component)
  const plan: Plan = {
    format: 1,
    name,
    settings: planSettings(name, options),
    components,
    topics: topicsOf(ordered),
  }
  const places = new Map(ordered.map(({ component, at }) => [component.id, at]))
  const open = new Map(ordered.map((part) => [part.component.id, part.open]))
  const mistakes = checkPlan(plan, { places, open })
  if (mistakes.length > 0) {
    const list = mistakes
      .map(({ place, message }) => `\n  - ${message}${place ? `\n    at ${place}` : ''}`)
      .join('')
    throw new HeddleError('HEDDLE_TOPOLOGY_INVALID', `'${name}'${list}`, {
      info: { topology: name, mistakes },
    })
  }
  return { plan: deepFreeze(plan), code: new Map(ordered.map(({ component, code }) => [component.id, code])) }
}

/** Each part behind those it takes from, but where they go round in a circle, or are not there: the check tells. */
function inOrder(parts: readonly Part[]): readonly Part[] {
  const byId = new Map(parts.map((part) => [part.component.id, part]))
  const entered = new Set<Part>()
  const done: Part[] = []
  const visit = (part: Part): void => {
    if (entered.has(part)) return
    entered.add(part)
    for (const { from } of part.component.inputs) {
      const source = byId.get(from)
      if (source) visit(source)
    }
    done.push(part)
  }
  for (const part of parts) visit(part)
  return done
}

/** A topic that is named twice is created with the settings of the mention that has some. */
function topicsOf(parts: readonly Part[]): readonly TopicSpec[] {
  const topics = new Map<string, TopicSpec>()
  for (const spec of parts.flatMap((part) => part.topics))
    topics.set(spec.name, { ...topics.get(spec.name), ...spec })
  return [...topics.values()]
}
