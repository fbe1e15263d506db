import { HeddleError, type Plan, type PlanComponent, type Topology } from '@heddle/core'
import { operators } from '../../operators/table.ts'
import { streamTo } from '../runtime/destination.ts'
import { isForeign } from '../runtime/plain-tuples.ts'
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

function reasonAgainst({ name, code }: Topology, component: PlanComponent): string | undefined {
  const { id, kind, operator, config } = component
  if (isForeign(component)) return undefined
  if (kind === 'spout') {
    if (operator !== 'topic' && operator !== 'spout') return `is a spout of the kind '${operator}'`
    return config['first'] === true ? 'is a table, which other events have to wait for' : undefined
  }
  if (operator === 'sink') return 'delivers to a connector'
  const make = operators.get(operator)
  if (!make) return `has the operator '${operator}', which there is not`
  const made = make(component, code.get(id) ?? {}, name)
  if (made.watermark || made.timer) return 'needs event time or timers'
  if (made.tick) return 'needs ticks'
  return undefined
}

/** A stream of batches would have the name of one of the plan. */
function nameTaken({ components }: Plan, { streams }: PlanComponent): string | undefined {
  const taken = components.find(({ id }) => streamTo(id) in streams)
  return taken && `declares the stream '${streamTo(taken.id)}', which is the name of that to '${taken.id}'`
}
