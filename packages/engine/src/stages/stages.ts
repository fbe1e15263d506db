import type { Plan, PlanComponent, PlanInput } from '@heddle/core'
import { stateless } from '../operators/table.ts'

/** Components that several processes share by the partitions of the input topics. */
export const topicsStage = '$topics'

/** The user's spouts and what follows them, which run in one place. */
export const spoutsStage = '$spouts'

/**
 * A part of a topology that runs by itself: what goes from one to another goes through a repartition topic, by key. Kafka
 * Streams calls it a sub-topology.
 */
export interface Stage {
  /** Id of the component with state that it begins with, or one of the two names above. */
  readonly id: string
  /** In topological order. One without state stands in each stage that leads to it. */
  readonly components: readonly PlanComponent[]
  /** How many runs have a share of its keys, each with its own state. 1 where its elements have no key: they run in one place. */
  readonly partitions: number
}

/**
 * Cuts a plan into stages: before each component that has state, or code of the user's that may have some, so that all elements
 * of a key come to the one run that has its state. It is not cut where the key is still the same as the stage has.
 *
 * @param keyPartitions How many shares the keys of a topology are cut into.
 */
export function stagesOf(plan: Plan, keyPartitions: number): readonly Stage[] {
  const stages = new Map<string, { partitions: number; components: PlanComponent[] }>()
  const places = new Map<string, readonly string[]>()
  /** Components whose elements have the key that their stage is cut by. */
  const keyed = new Map<string, string>()
  for (const component of plan.components) {
    const { id, kind, operator, inputs } = component
    const from = [...new Set(inputs.flatMap((input) => places.get(input.from) ?? []))]
    let here = from
    if (kind === 'spout') here = [operator === 'topic' ? topicsStage : spoutsStage]
    else if (!stateless.has(operator)) here = [stageFor(component, from)]
    places.set(id, here)
    for (const name of here) {
      const stage = stages.get(name) ?? {
        partitions: kind === 'bolt' && isSpread(component) ? keyPartitions : 1,
        components: [],
      }
      stages.set(name, stage)
      stage.components.push(component)
    }
    const [only] = here
    if (only !== undefined && here.length === 1 && keepsKey(component, only)) keyed.set(id, only)
  }
  return [...stages].map(([id, stage]) => ({ id, ...stage }))

  /** The stage that it comes from, where it can stay there, or one of its own. */
  function stageFor({ id, inputs }: PlanComponent, from: readonly string[]): string {
    const [only] = from
    if (from.length !== 1 || only === undefined || only === topicsStage) return id
    const sameKey = inputs.every((input) => byKey(input) && keyed.get(input.from) === only)
    return sameKey ? only : id
  }

  function keepsKey({ id, operator, inputs, streams }: PlanComponent, stage: string): boolean {
    if (ownCode.has(operator) || !streams['default']?.includes('key')) return false
    return inputs.every((input) => (id === stage ? byKey(input) : keyed.get(input.from) === stage))
  }
}

/** Operators whose elements may have another key than what they took. */
const ownCode: ReadonlySet<string> = new Set(['bolt', 'shell', 'keyBy', 'spout', 'topic'])

const byKey = ({ grouping }: PlanInput): boolean =>
  grouping.kind === 'fields' && grouping.fields.length === 1 && grouping.fields[0] === 'key'

/**
 * True where each element may go to one of many: by key, or, where the author asked for several tasks, to any of them. What has
 * one task and no key sees all elements in one place, wherever it runs.
 */
export function isSpread({ inputs, parallelism }: PlanComponent): boolean {
  // What all tasks get, and nothing else, has no key.
  if (inputs.every(({ grouping }) => grouping.kind === 'all')) return false
  return inputs.every(({ grouping: { kind } }) => {
    if (kind === 'fields' || kind === 'partial-key' || kind === 'all') return true
    return (kind === 'shuffle' || kind === 'local-or-shuffle') && parallelism > 1
  })
}

/** True when a plan has parts that can be shared by processes only in stages. */
export const hasStages = (plan: Plan): boolean =>
  plan.components.some(({ kind, operator }) => kind === 'bolt' && !stateless.has(operator))

/** True for a stage that a repartition topic leads to: the others read the input topics, or have spouts. */
export const hasTopic = ({ id }: Pick<Stage, 'id'>): boolean => id !== topicsStage && id !== spoutsStage

/** Topic that leads to a stage. */
export const repartitionTopic = (topology: string, stage: string): string =>
  `${topology}.${stage}.repartition`

/** The repartition topics of stages. */
export const stageTopics = (
  topology: string,
  stages: readonly Stage[],
): readonly { readonly name: string; readonly partitions: number }[] =>
  stages.filter(hasTopic).map(({ id, partitions }) => ({ name: repartitionTopic(topology, id), partitions }))

/** Consumer group that shares the partitions of a stage. */
export const stageGroup = (topology: string, stage: string): string => `${topology}.${stage}`

/** A way out of one stage to another. */
export interface Outlet {
  /** The stage that it leads to. */
  readonly stage: Stage
  readonly topic: string
  /** Components whose streams take it. */
  readonly emitters: readonly string[]
}

/** The ways out of a stage: what its components emit to components that are not in it. */
export function outletsOf(topology: string, stage: Stage, stages: readonly Stage[]): readonly Outlet[] {
  const here = new Set(stage.components.map(({ id }) => id))
  return stages
    .map((other) => {
      const emitters = other.components
        .filter(({ id }) => !here.has(id))
        .flatMap(({ inputs }) => inputs.map(({ from }) => from))
        .filter((from) => here.has(from))
      return { stage: other, topic: repartitionTopic(topology, other.id), emitters: [...new Set(emitters)] }
    })
    .filter(({ emitters }) => emitters.length > 0)
}
