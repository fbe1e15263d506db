import { type PlanComponent, type Topology, stateLayout } from '@heddle/core'
import { operators } from '../../operators/table.ts'

/** Whose state only the user's code knows. */
const ownCode: ReadonlySet<string> = new Set(['bolt', 'shell', 'java', 'sink', 'spout'])

/**
 * Components whose state, timers and outputs are committed in one transaction: all operators of flows that keep state, and all
 * that take ticks, timers or event time. What they emit goes through a topic of their own, since much of it comes of no tuple,
 * and Storm tells nobody what becomes of that.
 *
 * Bolts of the user's that only keep state are none: they are as in Storm, and about twice as fast.
 */
export function transactionalIn({ name, plan, code }: Topology): readonly string[] {
  const isTransactional = (component: PlanComponent): boolean => {
    if (component.kind === 'spout') return false
    if (stateLayout(component) !== undefined && !ownCode.has(component.operator)) return true
    const make = component.operator === 'shell' ? undefined : operators.get(component.operator)
    const made = make?.(component, code.get(component.id) ?? {}, name)
    return made?.tick !== undefined || made?.timer !== undefined || made?.watermark !== undefined
  }
  return plan.components.filter(isTransactional).map(({ id }) => id)
}
