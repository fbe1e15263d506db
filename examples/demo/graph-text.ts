import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The drawing that `heddle graph` makes of the demo's topology. */
export function graphText(): string {
  const cli = fileURLToPath(new URL('../../packages/heddle/src/cli/main.ts', import.meta.url))
  const topology = fileURLToPath(new URL('topology.ts', import.meta.url))
  return execFileSync(process.execPath, [cli, 'graph', topology], { encoding: 'utf8' })
}
