import type { GroupMember, Plan, TopicPartition } from '@heddle/core'
import { type Outlet, type Stage, spoutsStage, topicsStage } from './stages.ts'

/** What one run does of a topology that runs in stages. */
export interface Share {
  readonly stage: Stage
  /** The plan of all stages. */
  readonly whole: Plan
  readonly outlets: readonly Outlet[]
  /** Where its tuples come from; none for a stage that reads the input topics, or has spouts. */
  readonly inlet: ShareInlet | undefined
}

export interface ShareInlet extends TopicPartition {
  /** Of the group that shares the partitions of the stage. */
  readonly member: GroupMember
  /** Parts of the stages before whose event time has to be known. */
  readonly timeSources: readonly string[]
}

/** Says for a run what it writes under which name. */
export interface RunNames {
  /** Store of its own: see `Committer`. */
  readonly meta: string
  /** Id of its transactor, whose new one fences the former; left out where members that share partitions have one each. */
  readonly transactor: string | undefined
  /** Store of a component, from what that is without shares. */
  readonly state: (store: string) => string
}

/** Name of the store that a share of the keys has. */
export const shareOf = (store: string, partition: number): string => `${store}/${partition}`

/** Name of the store in which a run of a stage keeps its times. */
export const runStore = (topology: string, stage: string, partition: number): string =>
  `${topology}/${stage}/${partition}/run`

export function shareNames(topology: string, { stage, inlet }: Share): RunNames {
  if (inlet) {
    const name = runStore(topology, stage.id, inlet.partition)
    return { meta: name, transactor: name, state: (store) => shareOf(store, inlet.partition) }
  }
  const name = runStore(topology, stage.id, 0)
  return {
    meta: name,
    transactor: stage.id === topicsStage ? undefined : name,
    state: (store) => store,
  }
}

/** Names of the parts of a stage, as their event times are told. */
export const partsOfStage = ({ id, partitions }: Stage): readonly string[] =>
  id === topicsStage
    ? []
    : Array.from({ length: id === spoutsStage ? 1 : partitions }, (_, at) => `${id}/${at}`)
