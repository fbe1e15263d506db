import {
  type BoltHandle,
  type Json,
  type ShellOptions,
  type StreamHandle,
  type Topology,
  type TopologyOptions,
  type Values,
  didYouMean,
  topology,
} from '@heddle/core'
import { type Reader, checkPlanOf, placed, rangeOf, readYaml } from '@heddle/core/yaml'
import { fluxComponent } from './component.ts'
import { type FluxFile, type FluxStream, type FluxVertex, fluxFile, refusedOfFile } from './format.ts'

export interface ReadFluxOptions {
  /** Name of the file, for places in errors. */
  readonly file: string
  /** Where programs are, and which of the files there a command needs. */
  readonly programs: (command: readonly string[]) => Pick<ShellOptions, 'cwd' | 'files'>
}

/**
 * A topology from the text of a Flux file: programs run everywhere, classes in Java on Storm.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID with all mistakes, each with its line and column.
 */
export function readFlux(text: string, { file, programs }: ReadFluxOptions): Topology {
  const { value, reader } = readYaml(text, file, fluxFile)
  for (const name of ['includes', 'topologySource', 'workerHooks'] as const)
    if (value[name]) reader.mistake(value[name].node, refusedOfFile[name])
  const config = Object.fromEntries(value.config ?? [])
  const t = topology.graph(value.name, optionsOf(config))
  const place = (node: FluxVertex['id']['node']): string => reader.source.place(rangeOf(node)[0])
  const bolts = new Map<string, Bolt>()
  const make = (vertex: FluxVertex, kind: 'spout' | 'bolt'): void => {
    const made = fluxComponent(vertex, kind, { reader, config, programs })
    if (!made) return
    const { default: fields, ...streams } = Object.fromEntries(made.streams)
    const { id, parallelism = 1, numTasks = parallelism } = vertex
    const options = { ...(fields && { fields }), streams, parallelism: numTasks }
    placed(place(id.node), () => {
      if (kind === 'spout') t.spout(id.value, made.ref, options)
      else bolts.set(id.value, t.bolt(id.value, made.ref, options))
    })
  }
  for (const spout of value.spouts) make(spout, 'spout')
  for (const bolt of value.bolts ?? []) make(bolt, 'bolt')
  for (const stream of value.streams ?? []) connect(stream, bolts, value, reader)
  reader.end()
  checkPlanOf(t, file)
  return t
}

type Bolt = BoltHandle<any, string, any, any>

/** What of the configuration is ours, too. */
function optionsOf(config: Readonly<Record<string, Json>>): TopologyOptions {
  const { 'topology.message.timeout.secs': timeout, 'topology.max.spout.pending': pending, ...storm } = config
  return {
    ...(typeof timeout === 'number' && { messageTimeout: `${timeout}s` }),
    ...(typeof pending === 'number' && { maxPending: pending }),
    ...(Object.keys(storm).length > 0 && { storm }),
  }
}

/** Has a bolt take a stream. */
function connect(
  { from, to, grouping }: FluxStream,
  bolts: ReadonlyMap<string, Bolt>,
  file: FluxFile,
  reader: Reader,
): void {
  const ids = [...file.spouts, ...(file.bolts ?? [])].map(({ id }) => id.value)
  if (!ids.includes(from.value))
    return reader.mistake(from.node, `there is no '${from.value}'${didYouMean(from.value, ids)}`)
  const bolt = bolts.get(to.value)
  if (!bolt) {
    const names = (file.bolts ?? []).map(({ id }) => id.value)
    if (names.includes(to.value)) return // what is wrong with it is told
    return reader.mistake(to.node, `there is no bolt '${to.value}'${didYouMean(to.value, names)}`)
  }
  const { type, args = [], streamId = 'default' } = grouping.value
  const stream: StreamHandle<string, Values> = { component: from.value, streamId }
  switch (type.value) {
    // Storm does the same for both.
    case 'NONE':
    case 'SHUFFLE':
      return void bolt.shuffle(stream)
    case 'LOCAL_OR_SHUFFLE':
      return void bolt.localOrShuffle(stream)
    case 'ALL':
      return void bolt.all(stream)
    case 'GLOBAL':
      return void bolt.global(stream)
    case 'DIRECT':
      return void bolt.direct(stream)
    case 'CUSTOM':
      return reader.mistake(type.node, 'a grouping of your own is a class in Java, which is not called here')
    case 'FIELDS': {
      const [first, ...others] = args
      if (first === undefined) return reader.mistake(type.node, "'args' is missing: the fields")
      return void bolt.fields(stream, first, ...others)
    }
  }
}
