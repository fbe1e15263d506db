import type { Plan, PlanComponent } from '@heddle/core'
import type { ComponentCommon, Grouping, StormTopology } from '../nimbus/structs.ts'
import { timesFields, timesStream } from '../runtime/news.ts'
import { outputsSpout, withOutputs } from '../runtime/outputs.ts'
import { hearersOf } from '../runtime/time-sources.ts'

type GlobalStreamId = ComponentCommon['inputs'] extends ReadonlyMap<infer K, unknown> ? K : never

/** A plan as Storm is to have it: where a component is transactional, others take from the spout that reads its outputs. */
export function withStandIns(plan: Plan, transactional: readonly string[]): Plan {
  const stoodFor = new Map(withOutputs(plan, transactional).map((component) => [component.id, component]))
  const standIn = ({ id, ...component }: PlanComponent): PlanComponent => ({
    ...component,
    id: outputsSpout(id),
    kind: 'spout',
    operator: 'spout',
    config: {},
    inputs: [],
  })
  const components = plan.components.flatMap((component): PlanComponent[] => {
    const inputs = component.inputs.map((input) =>
      stoodFor.has(input.from) ? { ...input, from: outputsSpout(input.from) } : input,
    )
    const real = stoodFor.get(component.id)
    return real ? [{ ...component, inputs, streams: {} }, standIn(real)] : [{ ...component, inputs }]
  })
  return { ...plan, components }
}

/**
 * Adds the streams on which spouts tell transactional components of event time.
 * @param storm What `withStandIns` gave, as Storm's topology.
 */
export function withTimes(storm: StormTopology, plan: Plan, transactional: readonly string[]): StormTopology {
  const ids = new Set(transactional)
  /** By their id on Storm. */
  const hearers = new Map<string, readonly string[]>()
  for (const { id, kind } of plan.components) {
    const heardBy = kind === 'spout' || ids.has(id) ? hearersOf(plan, ids, id) : []
    if (heardBy.length > 0) hearers.set(kind === 'spout' ? id : outputsSpout(id), heardBy)
  }
  const changed = (id: string, common: ComponentCommon): ComponentCommon => {
    const told = [...hearers].filter(([, heardBy]) => heardBy.includes(id))
    return {
      ...common,
      inputs: new Map<GlobalStreamId, Grouping>([
        ...common.inputs,
        ...told.map(([componentId]) => [{ componentId, streamId: timesStream }, { all: {} }] as const),
      ]),
      streams: new Map([
        ...common.streams,
        ...(hearers.has(id)
          ? [[timesStream, { outputFields: [...timesFields], direct: false }] as const]
          : []),
      ]),
    }
  }
  return {
    ...storm,
    spouts: new Map(
      [...storm.spouts].map(([id, spec]) => [id, { ...spec, common: changed(id, spec.common) }]),
    ),
    bolts: new Map([...storm.bolts].map(([id, spec]) => [id, { ...spec, common: changed(id, spec.common) }])),
  }
}
