import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { root } from './run.ts'

/**
 * Writes a text that is made from the sources to its file in the repo; with `--check` on the command line it only
 * fails when the file says something else.
 */
export function generated(file: string, make: (before: string) => string): void {
  const before = existsSync(root + file) ? readFileSync(root + file, 'utf8') : ''
  const after = make(before)
  if (after === before) return
  if (process.argv.includes('--check')) {
    console.log(`${file} is behind the sources. Bring it up to date with: npm run verify -- --fix`)
    process.exitCode = 1
  } else {
    writeFileSync(root + file, after)
    console.log(`wrote ${file}`)
  }
}
