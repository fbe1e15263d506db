import {
  type JavaArgument,
  type JavaRef,
  type Json,
  type ShellOptions,
  type ShellRef,
  java,
  shell,
} from '@heddle/core'
import type { Located, Reader } from '@heddle/core/yaml'
import { type FluxVertex, refusedOfVertex } from './format.ts'

/** The classes that make a component of a program. */
const shellClasses = {
  spout: 'org.apache.storm.flux.wrappers.spouts.FluxShellSpout',
  bolt: 'org.apache.storm.flux.wrappers.bolts.FluxShellBolt',
} as const

/** A component, and the fields of its streams. */
export interface FluxComponent {
  readonly ref: ShellRef | JavaRef
  readonly streams: ReadonlyMap<string, readonly string[]>
}

export interface FluxContext {
  readonly reader: Reader
  /** Configuration of the topology, which its programs see, too. */
  readonly config: Readonly<Record<string, Json>>
  /** Where programs are, and which of the files there a command needs. */
  readonly programs: (command: readonly string[]) => Pick<ShellOptions, 'cwd' | 'files'>
}

/** A spout or a bolt of a file; mistakes are told to the reader. */
export function fluxComponent(
  vertex: FluxVertex,
  kind: 'spout' | 'bolt',
  context: FluxContext,
): FluxComponent | undefined {
  const { reader } = context
  const { className } = vertex
  for (const name of ['properties', 'factory', 'factoryArgs'] as const)
    if (vertex[name]) reader.mistake(vertex[name].node, refusedOfVertex[name])
  const other = kind === 'spout' ? 'bolt' : 'spout'
  if (className.value === shellClasses[other]) {
    reader.mistake(className.node, `this is a ${other}; a ${kind} is ${shellClasses[kind]}`)
    return undefined
  }
  return className.value === shellClasses[kind] ? program(vertex, kind, context) : javaClass(vertex, context)
}

function program(
  vertex: FluxVertex,
  kind: 'spout' | 'bolt',
  { reader, config, programs }: FluxContext,
): FluxComponent | undefined {
  const { className, constructorArgs = [], configMethods = [] } = vertex
  const [first, second, third] = constructorArgs
  const command = first && textsOf(first, 'the command, a list of texts', reader)
  if (!first) reader.mistake(className.node, 'its constructorArgs begin with the command, a list of texts')
  if (third) reader.mistake(third.node, 'there is no third argument: the command, and the fields')
  const streams = new Map<string, readonly string[]>()
  const declare = (stream: string, fields: Located<Json>): void => {
    const names = textsOf(fields, 'the fields, a list of texts', reader)
    if (names) streams.set(stream, names)
  }
  if (second) declare('default', second)
  const own = new Map<string, Json>(ownConfig(vertex))
  const env: Record<string, string> = {}
  for (const { name, args = [] } of configMethods) {
    const [one, two] = args
    if (name.value === 'setDefaultStream' && one && !two) declare('default', one)
    else if (name.value === 'setNamedStream' && typeof one?.value === 'string' && two) declare(one.value, two)
    else if (name.value === 'addComponentConfig' && typeof one?.value === 'string' && two)
      own.set(one.value, two.value)
    else if (name.value === 'setEnv' && isTexts(one?.value)) Object.assign(env, one.value)
    else
      reader.mistake(
        name.node,
        `there is no such method here: setDefaultStream(fields), setNamedStream(name, fields), addComponentConfig(name, value), setEnv(variables)`,
      )
  }
  if (!command?.[0]) return undefined
  const all = { ...config, ...Object.fromEntries(own) }
  const tick = all['topology.tick.tuple.freq.secs']
  const options: ShellOptions = {
    ...programs(command),
    conf: all,
    ...(Object.keys(env).length > 0 && { env }),
    ...(kind === 'bolt' && typeof tick === 'number' && tick > 0 && { tick: `${tick}s` }),
  }
  return { ref: shell(command[0], command.slice(1), options), streams }
}

/** Names in a component's configuration for what only its class in Java knows otherwise. */
const fieldsName = 'heddle.fields'
const streamsName = 'heddle.streams'

function javaClass(vertex: FluxVertex, { reader }: FluxContext): FluxComponent {
  const { className, constructorArgs = [], configMethods = [] } = vertex
  for (const { name } of configMethods)
    reader.mistake(name.node, 'methods are called by Java: give the class a constructor for it')
  const args = constructorArgs.flatMap((argument) => {
    const made = javaArgument(argument.value)
    if (made === undefined)
      reader.mistake(
        argument.node,
        'only texts, numbers, true and false can be arguments of a class; lists and ref are objects of Java',
      )
    return made === undefined ? [] : [made]
  })
  const { [fieldsName]: fields, [streamsName]: others, ...conf } = Object.fromEntries(ownConfig(vertex))
  const streams = new Map<string, readonly string[]>()
  const declare = (stream: string, names: Json): void => {
    if (isTextList(names)) streams.set(stream, names)
    else
      reader.mistake(
        className.node,
        `${fieldsName} in its config is a list of names, and ${streamsName} has one for each stream`,
      )
  }
  if (fields !== undefined) declare('default', fields)
  for (const [stream, names] of Object.entries(others ?? {})) declare(stream, names as Json)
  return { ref: java(className.value, args, { conf }), streams }
}

function javaArgument(value: Json): JavaArgument | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value !== 'number') return undefined
  // A whole number that is too large for an Integer is a Long.
  return Number.isInteger(value) && Math.abs(value) >= 2 ** 31 ? BigInt(value) : value
}

/** What stands in `config`, and what the scheduler is told of it. */
function ownConfig({ config, onHeapMemoryLoad, offHeapMemoryLoad, cpuLoad }: FluxVertex): Map<string, Json> {
  const own = new Map(config)
  const loads = {
    'topology.component.resources.onheap.memory.mb': onHeapMemoryLoad,
    'topology.component.resources.offheap.memory.mb': offHeapMemoryLoad,
    'topology.component.cpu.pcore.percent': cpuLoad,
  }
  for (const [name, load] of Object.entries(loads)) if (load !== undefined) own.set(name, load)
  return own
}

function textsOf(
  { value, node }: Located<Json>,
  what: string,
  reader: Reader,
): readonly string[] | undefined {
  if (isTextList(value)) return value
  reader.mistake(node, `this must be ${what}`)
  return undefined
}

const isTextList = (value: Json): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

const isTexts = (value: Json | undefined): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((each) => typeof each === 'string')
