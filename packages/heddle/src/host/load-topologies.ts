import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { HeddleError, type Topology, errorMessage, isHeddleError, isTopology } from '@heddle/core'
import { isFlux } from '../flux/is-flux.ts'
import { importFresh } from './fresh-import.ts'

/** The topologies of one file. */
export interface TopologyFile {
  readonly path: string
  readonly topologies: readonly Topology[]
  /** The file itself and all of the user's files that it imports, however deep. */
  readonly files: readonly string[]
}

/** What another thread needs to find a topology again. */
export interface TopologyPlace {
  readonly path: string
  readonly name: string
}

const places = new WeakMap<Topology, TopologyPlace>()

/** Where a topology was loaded from; `undefined` for one that is of no file. */
export const placeOf = (topology: Topology): TopologyPlace | undefined => places.get(topology)

const sourceName = /\.(ts|mts|js|mjs|yaml|yml)$/
const notTopologies = /(\.d\.ts|\.(test|spec|config)\.[a-z]+)$/
const yamlName = /\.ya?ml$/

/**
 * Loads a topology file: YAML, ours or Storm's Flux, or a module whose default export is a topology or a list of them. Plans are built and checked.
 *
 * @throws HEDDLE_MODULE_INVALID when it cannot be loaded or holds none; HEDDLE_TOPOLOGY_INVALID with all mistakes.
 */
export async function loadTopologyFile(path: string): Promise<TopologyFile> {
  if (!existsSync(path)) throw new HeddleError('HEDDLE_MODULE_INVALID', `${path} does not exist`)
  if (yamlName.test(path)) {
    const text = readFileSync(path, 'utf8')
    // The parser of YAML is loaded where there is such a file.
    const { topology, files } = isFlux(text)
      ? (await import('../flux/load-flux.ts')).loadFluxFile(path, text)
      : (await import('../yaml/load-yaml.ts')).loadYamlFile(path)
    places.set(topology, { path, name: topology.name })
    return { path, topologies: [topology], files }
  }
  const { module, files } = await importFresh(path)
  const exported: readonly unknown[] = [module['default']].flat()
  const topologies = exported.filter(isTopology)
  if (topologies.length === 0 || topologies.length < exported.length)
    throw new HeddleError(
      'HEDDLE_MODULE_INVALID',
      `the default export of ${path} is ${kindOf(module['default'])}`,
    )
  for (const topology of topologies) {
    void topology.plan
    places.set(topology, { path, name: topology.name })
  }
  return { path, topologies, files }
}

const kindOf = (value: unknown): string => {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null && 'to' in value)
    return 'a flow that leads nowhere: end it with .to(…) or .drop()'
  return Array.isArray(value) ? 'a list of other things' : `of type ${typeof value}`
}

/**
 * The topology files that paths mean: a file is itself, a folder stands for those in it (not deeper) that import
 * `heddle` and have a default export, or are YAML with a `topology` or with `spouts`.
 *
 * @throws HEDDLE_MODULE_INVALID when a path does not exist.
 */
export function findTopologyFiles(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) throw new HeddleError('HEDDLE_MODULE_INVALID', `${path} does not exist`)
    if (!stat.isDirectory()) return [path]
    return readdirSync(path)
      .filter((name) => sourceName.test(name) && !notTopologies.test(name))
      .sort()
      .map((name) => join(path, name))
      .filter(looksLikeTopology)
  })
  return [...new Set(found)]
}

/** Other files of a folder are never run only to see what they are. */
function looksLikeTopology(path: string): boolean {
  const text = readFileSync(path, 'utf8')
  if (yamlName.test(path)) return /^topology\s*:/m.test(text) || isFlux(text)
  return /\bfrom\s*['"](heddle|@heddle\/core)['"]/.test(text) && /\bexport\s+default\b/.test(text)
}

/** An error of loading, as one of ours. */
export function loadError(path: string, error: unknown): HeddleError {
  return isHeddleError(error)
    ? error
    : new HeddleError('HEDDLE_MODULE_INVALID', `${path}: ${errorMessage(error)}`, { cause: error })
}
