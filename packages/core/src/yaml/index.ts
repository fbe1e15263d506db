/**
 * Topologies as YAML files: the third way to write a plan, and what reads any file of that kind. Apart from the rest of core,
 * since the parser of YAML is only loaded where there is such a file.
 *
 * @module
 */
export type { Expectation, FileTest, TestPart } from './file-tests.ts'
export { type TopologyFormat, topologyFormat } from './format.ts'
export { type OutputKind, outputKind } from './output.ts'
export { type ReadOptions, type TopologyText, readTopology } from './read-topology.ts'
export { checkPlanOf, readYaml } from './read-yaml.ts'
export { type Reader, rangeOf } from './reader.ts'
export {
  type Field,
  type Located,
  type Read,
  type ReadFields,
  type Shape,
  duration,
  either,
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
} from './shape.ts'
export { placed } from '../topology/call-site.ts'
