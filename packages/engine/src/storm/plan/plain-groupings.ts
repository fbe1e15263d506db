import { type Grouping, type Plan, type PlanComponent, errorStream } from '@heddle/core'
import type { Grouping as StormGrouping } from '../nimbus/structs.ts'
import { isForeign } from '../runtime/plain-tuples.ts'

/** A grouping as Storm does it. The global one is by no fields at all. */
export function plainGrouping(grouping: Grouping): StormGrouping {
  switch (grouping.kind) {
    case 'shuffle':
      return { shuffle: {} }
    case 'local-or-shuffle':
      return { localOrShuffle: {} }
    case 'fields':
      return { fields: grouping.fields }
    case 'all':
      return { all: {} }
    case 'global':
      return { fields: [] }
    case 'direct':
      return { direct: {} }
    case 'partial-key':
      throw new RangeError('the partial key grouping is a class in Java')
  }
}

/** True where Storm groups: between a component of ours and one that it runs itself, or between two of those. */
export const isPlain = (from: PlanComponent | undefined, to: PlanComponent): boolean =>
  isForeign(to) || (from !== undefined && isForeign(from))

/** What is wrong with a component at an edge where Storm does the grouping; one reason at most. */
export function plainMistake({ components }: Plan, component: PlanComponent): string | undefined {
  const takesErrors = ({ inputs }: PlanComponent): boolean =>
    inputs.some(({ from, stream }) => from === component.id && stream === errorStream)
  if (isForeign(component) && components.some(takesErrors))
    return 'has an error branch, and what a program or a class fails is read again by its spout'
  for (const { from, stream, grouping } of component.inputs) {
    const source = components.find(({ id }) => id === from)
    if (!isPlain(source, component)) continue
    const what = `takes '${stream}' of '${from}' by the ${grouping.kind} grouping`
    if (grouping.kind === 'partial-key')
      return `${what}, which Storm only has as a class in Java: where a program or a class takes part, use fields`
    // Storm 2.8.4 takes the task's number for a Long, and has an Integer: see the decision 0008.
    if (grouping.kind === 'direct' && source?.operator !== 'java')
      return `${what}, and Storm lets only classes in Java name a task`
  }
  return undefined
}
