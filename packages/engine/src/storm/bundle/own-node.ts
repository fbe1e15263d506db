import { readFile } from 'node:fs/promises'
import process from 'node:process'
import type { ZipFile } from './zip.ts'

/** Starts the component with the Node beside it. An archive has no permissions, so that it is made executable first. */
const startScript = `[ -x node ] || chmod +x node
exec ./node component.mjs
`

/** How a bundle is started that brings its Node along. */
export const ownNodeLaunch = { command: 'sh', script: 'start.sh' } as const

/** The files for that: the Node that runs here, for machines of the same system and processor. */
export async function ownNode(): Promise<readonly ZipFile[]> {
  return [
    { name: ownNodeLaunch.script, bytes: Buffer.from(startScript) },
    { name: 'node', bytes: await readFile(process.execPath) },
  ]
}
