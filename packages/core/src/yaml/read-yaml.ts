import { isHeddleError } from '../errors.ts'
import type { Mistake } from '../plan/check.ts'
import type { Topology } from '../topology/topology.ts'
import { parseSource } from './parse-source.ts'
import { Reader, topologyInvalid } from './reader.ts'
import type { Shape } from './shape.ts'
import { SourceText } from './source-text.ts'

/**
 * What a shape reads from a file in YAML, and its reader, for what is wrong beyond the shape.
 *
 * @param file Its name, for places in errors.
 * @throws HEDDLE_TOPOLOGY_INVALID with all mistakes, each with its line and column.
 */
export function readYaml<T>(
  text: string,
  file: string,
  shape: Shape<T>,
): { readonly value: T; readonly reader: Reader } {
  const source = new SourceText(file, text)
  const document = parseSource(source)
  const reader = new Reader(source, document)
  const value = shape.read(reader.resolve(document.contents), reader)
  if (value === undefined) {
    reader.end()
    throw new TypeError('unreachable: what cannot be read is told')
  }
  return { value, reader }
}

/** Builds the plan, so that what is wrong with it as a whole is told as that of the file. */
export function checkPlanOf(topology: Topology, file: string): void {
  try {
    void topology.plan
  } catch (error) {
    const mistakes = isHeddleError(error)
      ? (error.info['mistakes'] as readonly Mistake[] | undefined)
      : undefined
    if (!mistakes) throw error
    throw topologyInvalid(file, mistakes)
  }
}
