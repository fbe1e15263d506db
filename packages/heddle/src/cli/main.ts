#!/usr/bin/env node
import process from 'node:process'

// Before anything is loaded that an older Node cannot read.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`heddle needs Node 24 or newer, and this is ${process.version}\n`)
  process.exit(2)
}
const { run } = await import('./run.ts')
process.exitCode = await run(process.argv.slice(2))
