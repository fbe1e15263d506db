import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import type { Topology } from '@heddle/core'
import { type FileTest, type TopologyFormat, readTopology, topologyFormat } from '@heddle/core/yaml'
import { withFiles } from '../host/fresh-import.ts'
import { outputs } from './outputs.ts'

/** The format of topology files, with the outputs that come with the house. */
export const format: TopologyFormat = topologyFormat(outputs)

export interface YamlFile {
  readonly topology: Topology
  readonly tests: readonly FileTest[]
  /** The file itself, and the schemas that it names. */
  readonly files: readonly string[]
}

/**
 * The topology and the tests of a YAML file. Schemas are looked for from the file's folder.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID with all mistakes, with lines and columns.
 */
export function loadYamlFile(path: string): YamlFile {
  const files = new Set([path])
  // As people see the file from where they are.
  const name = relative(process.cwd(), path)
  try {
    const read = readTopology(readFileSync(path, 'utf8'), format, {
      file: name.startsWith('..') ? path : name,
      resolve: (inFile) => resolve(dirname(path), inFile),
      readFile(named) {
        const schema = resolve(dirname(path), named)
        files.add(schema)
        return readFileSync(schema, 'utf8')
      },
    })
    return { ...read, files: [...files] }
  } catch (error) {
    throw withFiles(error, files)
  }
}
