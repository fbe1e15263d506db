import { relative, resolve } from 'node:path'
import { HeddleError } from '@heddle/core'
import { findTopologyFiles } from '../../host/load-topologies.ts'
import { loadYamlFile } from '../../yaml/load-yaml.ts'
import { type TestResult, runFileTest } from '../../yaml/run-tests.ts'
import { exitCodes } from '../exit-codes.ts'
import { print, printJson, style } from '../output.ts'

interface FileResult {
  readonly file: string
  readonly tests: readonly TestResult[]
}

/** `heddle test`: runs the tests that stand in topology files; exit code 1 when one fails. */
export async function test(paths: readonly string[], { json = false }: { json?: boolean }): Promise<void> {
  const files = findTopologyFiles(paths.map((path) => resolve(path))).filter((path) => /\.ya?ml$/.test(path))
  if (files.length === 0)
    throw new HeddleError('HEDDLE_MODULE_INVALID', `there are no YAML topologies in ${paths.join(', ')}`)
  const results: FileResult[] = []
  for (const file of files) {
    const { topology, tests } = loadYamlFile(file)
    const done: TestResult[] = []
    const name = relative(process.cwd(), file)
    if (!json) print(`${style('bold', name.startsWith('..') ? file : name)}  ${style('dim', topology.name)}`)
    for (const each of tests) {
      const result = await runFileTest(topology, each)
      done.push(result)
      if (!json) show(result)
    }
    if (!json && tests.length === 0) print(style('dim', '  has no tests'))
    results.push({ file, tests: done })
  }
  const all = results.flatMap(({ tests }) => tests)
  const failed = all.filter(({ failures }) => failures.length > 0).length
  if (json) printJson(results)
  else print(`\n${all.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = exitCodes.failure
}

function show({ name, failures }: TestResult): void {
  print(`  ${failures.length === 0 ? style('green', '✓') : style('red', '✗')} ${name}`)
  for (const { where, place, lines } of failures) {
    print(`      ${where}  ${style('dim', `at ${place}`)}`)
    for (const line of lines) print(`        ${line}`)
  }
}
