import type { Plan, PlanComponent } from '@heddle/core'
import type { ShellConfig } from '../../multilang/shell-process.ts'
import { scriptOf } from '../bundle/programs.ts'
import type { ComponentCommon, ComponentObject, StormTopology } from '../nimbus/structs.ts'
import { batchFields, streamTo } from '../runtime/destination.ts'
import { isForeign } from '../runtime/plain-tuples.ts'
import { type ComponentSettings, confNames } from '../runtime/settings.ts'
import { type JavaConfig, javaObject } from './java-object.ts'
import { isPlain, plainGrouping } from './plain-groupings.ts'

/** How the processes of components are started, in the folder with the files of the bundle. */
export interface Launch {
  readonly command: string
  readonly script: string
}

/**
 * A plan as Storm's topology. Each component of ours has a stream of batches to each one of ours that takes from it. Which task gets
 * a batch is said by the emitter, by the groupings of the plan, event by event: so a batch is never cut up on its way, and groupings
 * are the same as on the local engine. See `runtime/destination.ts` for how.
 *
 * Where a program or a class in Java takes part, streams and groupings are Storm's own, and have the names of the plan.
 *
 * @param jars Keys of blobs that are on the class path of each worker.
 */
export function toStorm(plan: Plan, launch: Launch, jars: readonly string[] = []): StormTopology {
  const { components } = plan
  const byId = new Map(components.map((component) => [component.id, component]))
  const specs = components.map((component) => ({
    ...component,
    object: objectOf(component, launch),
    common: {
      inputs: inputsOf(component, byId),
      streams: streamsOf(component, components),
      parallelismHint: component.parallelism,
      ...jsonConf(plan, component),
    } satisfies ComponentCommon,
  }))
  return {
    spouts: new Map(
      specs
        .filter(({ kind }) => kind === 'spout')
        .map(({ id, object, common }) => [id, { spoutObject: object, common }]),
    ),
    bolts: new Map(
      specs
        .filter(({ kind }) => kind === 'bolt')
        .map(({ id, object, common }) => [id, { boltObject: object, common }]),
    ),
    stateSpouts: new Map(),
    ...(jars.length > 0 && { dependencyJars: jars }),
  }
}

function objectOf({ id, operator, config }: PlanComponent, { command, script }: Launch): ComponentObject {
  if (operator === 'java') return { javaObject: javaObject(config as unknown as JavaConfig) }
  return {
    shell:
      operator === 'shell'
        ? { executionCommand: 'sh', script: scriptOf(id) }
        : { executionCommand: command, script },
  }
}

function inputsOf(
  component: PlanComponent,
  byId: ReadonlyMap<string, PlanComponent>,
): ComponentCommon['inputs'] {
  const inputs = new Map<string, readonly [stream: Stream, grouping: GroupingOf]>()
  for (const { from, stream, grouping } of component.inputs) {
    const plain = isPlain(byId.get(from), component)
    const streamId = plain ? stream : streamTo(component.id)
    const by = plain ? plainGrouping(grouping) : { fields: [batchFields[0]] }
    inputs.set(`${from}\n${streamId}`, [{ componentId: from, streamId }, by])
  }
  return new Map(inputs.values())
}

type Inputs = ComponentCommon['inputs']
type Stream = Inputs extends ReadonlyMap<infer K, unknown> ? K : never
type GroupingOf = Inputs extends ReadonlyMap<unknown, infer V> ? V : never

function streamsOf(component: PlanComponent, all: readonly PlanComponent[]): ComponentCommon['streams'] {
  const takers = all.filter(({ inputs }) => inputs.some(({ from }) => from === component.id))
  const plain = isForeign(component) ? Object.keys(component.streams) : []
  for (const { inputs, ...taker } of takers)
    if (isForeign(taker))
      plain.push(...inputs.filter(({ from }) => from === component.id).map(({ stream }) => stream))
  const direct = (stream: string): boolean =>
    takers.some(({ inputs }) =>
      inputs.some(
        (input) => input.from === component.id && input.stream === stream && input.grouping.kind === 'direct',
      ),
    )
  return new Map([
    ...plain.map(
      (stream) => [stream, { outputFields: component.streams[stream]!, direct: direct(stream) }] as const,
    ),
    ...takers
      .filter((taker) => !isPlain(component, taker))
      .map((taker) => [streamTo(taker.id), { outputFields: batchFields, direct: false }] as const),
  ])
}

/** What a component that Storm runs itself finds in its configuration. */
function jsonConf(
  { settings }: Plan,
  { kind, operator, config }: PlanComponent,
): { readonly jsonConf?: string } {
  if (operator !== 'shell' && operator !== 'java') return {}
  const { conf = {}, tickMs } = config as unknown as Partial<ShellConfig>
  const all: Readonly<Record<string, unknown>> = {
    // Storm counts what a spout of its own has pending, and ticks in whole seconds.
    ...(kind === 'spout' && { 'topology.max.spout.pending': settings.maxPending }),
    ...(tickMs !== undefined && { 'topology.tick.tuple.freq.secs': Math.max(1, Math.round(tickMs / 1000)) }),
    ...conf,
  }
  return { jsonConf: JSON.stringify(all) }
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
  /** Ids of components: see `transactionalIn`. */
  readonly transactional: readonly string[]
  /** The user's own, by the names that Storm has for them; they go over all others. */
  readonly conf: Readonly<Record<string, unknown>>
}

/** The topology's configuration, as Nimbus takes it. */
export function confOf(plan: Plan, options: ConfOptions): Readonly<Record<string, unknown>> {
  const { workers, settings, componentLog, submittedAt, transactional, conf } = options
  return {
    'topology.workers': workers,
    ...plan.settings.storm,
    // Storm waits as long as we do, in whole seconds.
    'topology.message.timeout.secs': Math.max(1, Math.ceil(plan.settings.messageTimeoutMs / 1000)),
    // A process that starts loads the topology and its state before it answers.
    'topology.subprocess.timeout.secs': 60,
    // Each tuple is a batch: counting one in twenty, as is the default, would tell too little.
    'topology.stats.sample.rate': 1,
    [confNames.plan]: JSON.stringify(plan),
    [confNames.log]: JSON.stringify(componentLog),
    [confNames.settings]: JSON.stringify(settings),
    [confNames.transactional]: JSON.stringify(transactional),
    [confNames.submittedAt]: submittedAt,
    ...conf,
  }
}
