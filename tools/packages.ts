// Builds all packages and checks them as npm would pack them: exports that lead somewhere, files that are there,
// types that belong to what they describe.

import { readdirSync } from 'node:fs'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { root, run } from './run.ts'

const built = await run('tsc', ['-b', 'tsconfig.build.json'])
if (built.code !== 0) {
  console.log(built.output)
  process.exit(1)
}

for (const name of readdirSync(`${root}packages`)) {
  const { messages, pkg } = await publint({ pkgDir: `${root}packages/${name}`, strict: true })
  for (const message of messages) {
    console.log(`packages/${name}: ${formatMessage(message, pkg, { color: false }) ?? message.code}`)
    process.exitCode = 1
  }
}
