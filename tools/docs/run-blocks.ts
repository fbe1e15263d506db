// Runs modules that were taken out of pages, and the tests of topology files, one after the other. Prints which failed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { runTopologyTests } from 'heddle/testing'

// What they write stays apart.
const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'))
process.chdir(folder)

async function runFile(file: string): Promise<void> {
  if (!file.endsWith('.yaml')) {
    const { default: topology } = (await import(pathToFileURL(file).href)) as { default?: { plan?: unknown } }
    // Built and checked when it is looked at.
    void topology?.plan
    return
  }
  for (const { name, failures } of await runTopologyTests(file))
    for (const { where, lines } of failures) throw new Error(`${name}: ${where}\n${lines.join('\n')}`)
}

const log = console.log
console.log = () => {}
for (const file of process.argv.slice(2)) {
  try {
    await runFile(file)
  } catch (error) {
    log(`${file}: failed:\n${inspect(error)}`)
    process.exitCode = 1
  }
}
rmSync(folder, { recursive: true, force: true })
// What a page has opened and not closed does not keep this from ending.
process.exit()
