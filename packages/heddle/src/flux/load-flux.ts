import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { HeddleError, type Topology, errorMessage } from '@heddle/core'
import { withFiles } from '../host/fresh-import.ts'
import { filterVariable } from './filter-variable.ts'
import { parseProperties } from './properties.ts'
import { readFlux } from './read-flux.ts'
import { substitute } from './substitute.ts'

/**
 * The topology of a Flux file. Its programs are looked for where Storm's users have them, in the folder `resources` beside it, or
 * else beside it.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID with all mistakes, with lines and columns.
 */
export function loadFluxFile(path: string, text: string): { topology: Topology; files: readonly string[] } {
  const filter = process.env[filterVariable]
  const files = [path, ...(filter === undefined ? [] : [filter])]
  // As people see the file from where they are.
  const name = relative(process.cwd(), path)
  const file = name.startsWith('..') ? path : name
  try {
    const properties = filter === undefined ? new Map<string, string>() : propertiesOf(filter)
    const { text: filled, mistakes } = substitute(text, file, { properties, env: process.env })
    if (mistakes.length > 0) {
      const list = mistakes.map(({ place, message }) => `\n  - ${place} ${message}`).join('')
      throw new HeddleError('HEDDLE_TOPOLOGY_INVALID', `${file}${list}`, { info: { mistakes } })
    }
    return { topology: readFlux(filled, { file, programs: programsBeside(path) }), files }
  } catch (error) {
    throw withFiles(error, files)
  }
}

/** A folder `resources` travels as a whole; without one, those arguments that are files here. */
function programsBeside(path: string) {
  const beside = dirname(path)
  const resources = join(beside, 'resources')
  if (existsSync(resources)) return () => ({ cwd: resources, files: ['.'] })
  return (command: readonly string[]) => ({
    cwd: beside,
    files: command.filter((each) => existsSync(resolve(beside, each)) && !each.startsWith('/')),
  })
}

function propertiesOf(path: string): ReadonlyMap<string, string> {
  try {
    return parseProperties(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new HeddleError('HEDDLE_CONFIG_INVALID', `--filter: ${errorMessage(error)}`, {
      cause: error,
      info: { keys: [filterVariable] },
    })
  }
}
