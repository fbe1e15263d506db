import { resolve } from 'node:path'
import { isHeddleError, type Mistake } from '@heddle/core'
import { findTopologyFiles, loadTopologyFile } from '../../host/load-topologies.ts'
import { exitCodes } from '../exit-codes.ts'
import { print, printJson, style } from '../output.ts'
import { errorText } from '../print-error.ts'

interface Result {
  readonly file: string
  readonly topologies: readonly string[]
  readonly error?: { readonly code?: string; readonly message: string }
  readonly mistakes: readonly Mistake[]
}

/** `heddle check`: builds the plans of all files; exit code 1 when one has a mistake. */
export async function check(paths: readonly string[], { json = false }: { json?: boolean }): Promise<void> {
  const results: Result[] = []
  for (const file of findTopologyFiles(paths.map((path) => resolve(path)))) {
    try {
      const { topologies } = await loadTopologyFile(file)
      results.push({ file, topologies: topologies.map(({ name }) => name), mistakes: [] })
      if (!json) print(`${style('green', 'ok')}    ${file}  ${topologies.map(({ name }) => name).join(', ')}`)
    } catch (error) {
      const mistakes = isHeddleError(error) ? ((error.info['mistakes'] as Mistake[] | undefined) ?? []) : []
      const { code, message } = error as { code?: string; message: string }
      results.push({
        file,
        topologies: [],
        error: { ...(code !== undefined && { code }), message },
        mistakes,
      })
      if (!json) print(`${style('red', 'wrong')} ${file}\n${describe(error, mistakes)}`)
    }
  }
  if (json) printJson(results)
  else if (results.length === 0) print('there are no topology files')
  if (results.some((result) => result.error !== undefined)) process.exitCode = exitCodes.failure
}

function describe(error: unknown, mistakes: readonly Mistake[]): string {
  if (mistakes.length === 0) return errorText(error).replaceAll(/^/gm, '      ')
  return mistakes
    .map(({ message, place, excerpt }) => {
      const lines = excerpt === undefined ? '' : `\n${excerpt.replaceAll(/^/gm, '          ')}`
      return `      ${message}${place === undefined ? '' : `\n        at ${place}`}${lines}`
    })
    .join('\n')
}
