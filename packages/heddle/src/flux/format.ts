import {
  type Read,
  field,
  list,
  literal,
  located,
  mapped,
  object,
  oneOf,
  record,
  required,
  text,
  wholeNumber,
} from '@heddle/core/yaml'

const factory = 'a factory is called by Java: name a class that has a constructor'

/** What a spout or a bolt may have in Flux that only Java could do, and why it is refused. */
export const refusedOfVertex = {
  properties: 'properties are set by Java: give the class a constructor for them',
  factory,
  factoryArgs: factory,
} as const

/** The same of the file. */
export const refusedOfFile = {
  includes: 'files are not included: write it into this one',
  topologySource: 'a topology that is made by a class in Java is submitted with storm jar',
  workerHooks: 'hooks of workers are made by Java',
} as const

/** Something that is refused, once it is known where it stands. */
const refused = (why: string) => field(located(literal), why)

const configMethod = object('a method', {
  name: required(located(text('the name of a method')), 'Name of the method.'),
  args: field(list(located(literal)), 'Its arguments.'),
})

/** Names of a configuration of Storm, with any values. */
const configuration = mapped(
  record(literal),
  (entries) => new Map([...entries].map(([name, { value }]) => [name, value])),
)

const vertex = object('a spout or a bolt', {
  id: required(located(text('its name')), 'Its name.'),
  className: required(located(text('the name of a class')), 'The class in Java.'),
  constructorArgs: field(list(located(literal)), 'Arguments of its constructor.'),
  configMethods: field(list(configMethod), 'Methods that are called when it was made.'),
  parallelism: field(wholeNumber(1), 'Executors. Default 1.'),
  numTasks: field(wholeNumber(1), 'Tasks. Default: as many as executors.'),
  onHeapMemoryLoad: field(wholeNumber(1), 'Memory of each task, in MB.'),
  offHeapMemoryLoad: field(wholeNumber(1), 'Memory of each task outside of the heap, in MB.'),
  cpuLoad: field(wholeNumber(1), 'Share of a processor, in percent.'),
  config: field(configuration, 'Its own configuration.'),
  properties: refused(refusedOfVertex.properties),
  factory: refused(refusedOfVertex.factory),
  factoryArgs: refused(refusedOfVertex.factoryArgs),
})

/** Storm's groupings, as Flux calls them. */
const groupings = [
  'SHUFFLE',
  'FIELDS',
  'ALL',
  'GLOBAL',
  'NONE',
  'DIRECT',
  'LOCAL_OR_SHUFFLE',
  'CUSTOM',
] as const

const stream = object('a stream', {
  name: field(literal, 'For people only.'),
  id: field(literal, 'For people only.'),
  from: required(located(text('a spout or a bolt')), 'Where it comes from.'),
  to: required(located(text('a bolt')), 'The bolt that takes it.'),
  grouping: required(
    located(
      object('a grouping', {
        type: required(located(oneOf(...groupings)), 'How tuples find their task.'),
        args: field(list(text('a field')), 'Fields, for FIELDS.'),
        streamId: field(text('a stream'), 'Which stream. Default: `default`.'),
        customClass: field(literal, 'A grouping in Java.'),
      }),
    ),
    'Which stream it is, and how tuples find their task.',
  ),
})

/**
 * The format of Flux files, as far as it is read here.
 * https://storm.apache.org/releases/2.8.4/flux.html
 */
export const fluxFile = object('a Flux topology', {
  name: required(text("the topology's name"), "The topology's name."),
  config: field(configuration, "The topology's configuration, by Storm's names."),
  // Only of use where a class is given one; that is refused there.
  components: field(literal, 'Objects for constructors in Java.'),
  spouts: required(list(vertex, { least: 1 }), 'Spouts.'),
  bolts: field(list(vertex), 'Bolts.'),
  streams: field(list(stream), 'Who takes from whom.'),
  includes: refused(refusedOfFile.includes),
  topologySource: refused(refusedOfFile.topologySource),
  workerHooks: refused(refusedOfFile.workerHooks),
})

export type FluxFile = Read<typeof fluxFile>
export type FluxVertex = Read<typeof vertex>
export type FluxStream = Read<typeof stream>
