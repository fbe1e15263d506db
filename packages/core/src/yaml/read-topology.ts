import { isMap, parse as parseYaml } from 'yaml'
import type { CelType } from '../cel/types.ts'
import { typeOfSchema } from '../cel/types.ts'
import { errorMessage } from '../errors.ts'
import { didYouMean } from '../plan/check.ts'
import { placed } from '../topology/call-site.ts'
import { flow } from '../topology/flow.ts'
import type { Key } from '../topology/step-options.ts'
import { type TopicOptions, type TopicRef, topic } from '../topology/topic.ts'
import type { Topology } from '../topology/topology.ts'
import { Builder } from './build.ts'
import { type FileTest, checkNames, fileTest } from './file-tests.ts'
import type { TopologyFormat } from './format.ts'
import { parseSource } from './parse-source.ts'
import { checkPlanOf } from './read-yaml.ts'
import { Reader, rangeOf } from './reader.ts'
import { eventScope } from './scope.ts'
import type { Read } from './shape.ts'
import { SourceText } from './source-text.ts'
import type { Flow, Sources } from './step-kind.ts'

export interface ReadOptions {
  /** Name of the file, for places in errors. */
  readonly file: string
  /** Reads a file that this one names, such as a schema; the path is as it stands there. A throw is told as a mistake. */
  readonly readFile?: (path: string) => string
  /** Makes a path of one that stands in the file. Default: paths are those of the host. */
  readonly resolve?: (path: string) => string
}

export interface TopologyText {
  readonly topology: Topology
  readonly tests: readonly FileTest[]
}

/**
 * A topology from the text of a YAML file.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID with all mistakes, each with its line and column.
 */
export function readTopology(
  text: string,
  format: TopologyFormat,
  { file, readFile, resolve }: ReadOptions,
): TopologyText {
  const source = new SourceText(file, text)
  const document = parseSource(source)
  const reader = new Reader(source, document)
  const root = reader.resolve(document.contents)
  if (!isMap(root)) {
    reader.mistake(root, 'a topology begins with topology: NAME')
    reader.end()
  }
  const found = format.file.read(root, reader)
  if (!found) {
    reader.end()
    throw new TypeError('unreachable: what cannot be read is told')
  }
  const types = schemaTypes(found, reader, readFile)
  const { topology, topics } = build(found, types, reader, resolve)
  // Only a plan without mistakes tells which outputs there are.
  reader.end()
  const used = { topics: topics.add(topology.plan.settings.deadLetterTopic), outputs: outputsOf(topology) }
  for (const [name, { node }] of found.topics ?? [])
    if (!topics.has(name))
      reader.mistake(node, `nothing takes from or goes to this topic${didYouMean(name, topics)}`)
  for (const test of found.tests ?? []) checkNames(test, used, reader)
  const tests = (found.tests ?? []).map((test) => fileTest(test, reader))
  reader.end()
  return { topology, tests }
}

type FileText = Read<TopologyFormat['file']>

/** Types of the data of those topics that have a schema. */
function schemaTypes(
  { topics = new Map() }: FileText,
  reader: Reader,
  readFile: ReadOptions['readFile'],
): ReadonlyMap<string, CelType> {
  const types = new Map<string, CelType>()
  for (const [name, { value }] of topics) {
    if (!value.schema) continue
    const { value: schema, node } = value.schema
    if (typeof schema !== 'string') {
      types.set(name, typeOfSchema(schema))
      continue
    }
    try {
      if (!readFile) throw new Error('no files can be read here')
      types.set(name, typeOfSchema(parseYaml(readFile(schema))))
    } catch (error) {
      reader.mistake(node, `the schema cannot be read: ${errorMessage(error)}`)
    }
  }
  return types
}

function build(
  { topology: name, topics = new Map(), from, steps, to, drop, ...rest }: FileText,
  types: ReadonlyMap<string, CelType>,
  reader: Reader,
  resolve: ReadOptions['resolve'],
): { topology: Topology; topics: Set<string> } {
  const { about: _, tests: _tests, ...settings } = rest
  const refs = new Map<string, TopicRef>()
  const ref = (each: string): TopicRef => {
    const known = refs.get(each)
    if (known) return known
    const { schema: _schema, ...options } = (topics.get(each)?.value ?? {}) as TopicOptions & {
      schema?: unknown
    }
    const made = topic(each, options)
    refs.set(each, made)
    return made
  }
  const start = flow(name.value, settings)
  const scope = (each: string): Flow['scope'] => eventScope(types.get(each))
  const sources: Sources = {
    topic: ref,
    scope,
    stream: (each, options = {}) => ({ stream: start.from(ref(each), options), scope: scope(each) }),
    table: (each, key) => start.table<unknown, Key>(ref(each), key ? { key } : {}),
    resolve: (path) => resolve?.(path) ?? (path === '.' ? undefined : path),
    all: (ends) => start.all(...ends),
  }
  const [first, ...others] = from.map(({ value: { topic: each, ...options }, node }) =>
    placed(reader.source.place(rangeOf(node)[0]), () => sources.stream(each, options)),
  )
  const merged = others.reduce<Flow>(
    (all, each) => ({ stream: all.stream.merge(each.stream), scope: eventScope() }),
    first!,
  )
  const end = new Builder(reader, sources).branch(
    merged,
    { ...(steps && { steps }), ...(to && { to }), ...(drop && { drop }) },
    name,
  )
  if (!reader.failed) checkPlanOf(end, reader.source.file)
  return { topology: end, topics: new Set(refs.keys()) }
}

/** Kinds of connectors that it puts out to. */
const outputsOf = ({ plan }: Topology): ReadonlySet<string> =>
  new Set(
    plan.components
      .filter(({ operator }) => operator === 'sink')
      .map(({ config }) => config['kind'] as string),
  )
