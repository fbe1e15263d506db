import type { Plan, PlanComponent } from '@heddle/core'
import type { ComponentCommon, StormTopology } from '../nimbus/structs.ts'
import { batchFields, streamTo } from '../runtime/destination.ts'
import { type ComponentSettings, confNames } from '../runtime/settings.ts'

/** How the processes of components are started, in the folder with the files of the bundle. */
export interface Launch {
  readonly command: string
  readonly script: string
}

/**
 * A plan as Storm's topology. Each component has a stream of batches to each one that takes from it. Which task gets a batch is
 * said by the emitter, by the groupings of the plan, event by event: so a batch is never cut up on its way, and groupings are the
 * same as on the local engine. See `runtime/destination.ts` for how.
 */
export function toStorm({ components }: Plan, { command, script }: Launch): StormTopology {
  const object = { shell: { executionCommand: command, script } }
  const commonOf = ({ id, inputs, parallelism }: PlanComponent): ComponentCommon => {
    const sources = [...new Set(inputs.map(({ from }) => from))]
    const takers = components.filter((each) => each.inputs.some(({ from }) => from === id))
    return {
      inputs: new Map(
        sources.map((componentId) => [{ componentId, streamId: streamTo(id) }, { fields: [batchFields[0]] }]),
      ),
      streams: new Map(
        takers.map((taker) => [streamTo(taker.id), { outputFields: batchFields, direct: false }]),
      ),
      parallelismHint: parallelism,
    }
  }
  const ofKind = (kind: PlanComponent['kind']): readonly PlanComponent[] =>
    components.filter((component) => component.kind === kind)
  return {
    spouts: new Map(
      ofKind('spout').map((each) => [each.id, { spoutObject: object, common: commonOf(each) }]),
    ),
    bolts: new Map(ofKind('bolt').map((each) => [each.id, { boltObject: object, common: commonOf(each) }])),
    stateSpouts: new Map(),
  }
}

/** What Storm is told beside the topology. */
export interface ConfOptions {
  /** Workers (JVMs) that the tasks are spread over. */
  readonly workers: number
  readonly settings: ComponentSettings
  /** What components open their log with. */
  readonly componentLog: unknown
  /** Clock time, in milliseconds. */
  readonly submittedAt: number
  /** The user's own, by the names that Storm has for them; they go over all others. */
  readonly conf: Readonly<Record<string, unknown>>
}

/** The topology's configuration, as Nimbus takes it. */
export function confOf(plan: Plan, options: ConfOptions): Readonly<Record<string, unknown>> {
  const { workers, settings, componentLog, submittedAt, conf } = options
  return {
    'topology.workers': workers,
    // Storm waits as long as we do, in whole seconds.
    'topology.message.timeout.secs': Math.max(1, Math.ceil(plan.settings.messageTimeoutMs / 1000)),
    // A process that starts loads the topology and its state before it answers.
    'topology.subprocess.timeout.secs': 60,
    // Each tuple is a batch: counting one in twenty, as is the default, would tell too little.
    'topology.stats.sample.rate': 1,
    [confNames.plan]: JSON.stringify(plan),
    [confNames.log]: JSON.stringify(componentLog),
    [confNames.settings]: JSON.stringify(settings),
    [confNames.submittedAt]: submittedAt,
    ...conf,
  }
}
