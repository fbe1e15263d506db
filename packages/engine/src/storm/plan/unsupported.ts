import { HeddleError, type Plan, type PlanComponent, type Topology } from '@heddle/core'
import { operators } from '../../operators/table.ts'
import { streamTo } from '../runtime/destination.ts'
import { isForeign } from '../runtime/plain-tuples.ts'
import { sourcesOf } from '../runtime/time-sources.ts'
import { plainMistake } from './plain-groupings.ts'

/**
 * Refuses what this engine cannot run yet, before anything is uploaded.
 * @throws HEDDLE_ENGINE_UNSUPPORTED with every reason.
 */
export function checkSupported(topology: Topology): void {
  const { plan } = topology
  const reasons: string[] = []
  if (plan.settings.guarantee !== 'at-least-once')
    reasons.push(
      `its guarantee is ${plan.settings.guarantee}; on Storm it is at-least-once, with outputs that are idempotent`,
    )
  for (const component of plan.components) {
    const reason =
      reasonAgainst(topology, component) ?? plainMistake(plan, component) ?? nameTaken(plan, component)
    if (reason !== undefined) reasons.push(`'${component.id}' ${reason}`)
  }
  if (reasons.length > 0)
    throw new HeddleError('HEDDLE_ENGINE_UNSUPPORTED', `'${plan.name}' on Storm: ${reasons.join('; ')}`)
}

function reasonAgainst(topology: Topology, component: PlanComponent): string | undefined {
  const { kind, operator } = component
  if (isForeign(component)) return undefined
  if (kind === 'spout') {
    return operator === 'topic' || operator === 'spout' ? undefined : `is a spout of the kind '${operator}'`
  }
  if (operator === 'sink') return 'delivers to a connector'
  if (!operators.has(operator)) return `has the operator '${operator}', which there is not`
  return timeMistake(topology, component)
}

/** Nobody would say how far event time has come. */
function timeMistake({ plan, code, name }: Topology, component: PlanComponent): string | undefined {
  const made = operators.get(component.operator)!(component, code.get(component.id) ?? {}, name)
  if (made.watermark === undefined && made.timer === undefined) return undefined
  const foreign = [...sourcesOf(plan, new Set(), component.id)].find((id) =>
    isForeign(plan.components.find((each) => each.id === id)!),
  )
  return foreign && `needs event time, and the spout '${foreign}', which Storm runs itself, does not tell it`
}

/** A stream of batches would have the name of one of the plan. */
function nameTaken({ components }: Plan, { streams }: PlanComponent): string | undefined {
  const taken = components.find(({ id }) => streamTo(id) in streams)
  return taken && `declares the stream '${streamTo(taken.id)}', which is the name of that to '${taken.id}'`
}
