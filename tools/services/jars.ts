import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../run.ts'
import { javaTool } from './java-tool.ts'

export type ServiceName = 'kafka' | 'kafka-3.9' | 'storm' | 'activemq'

interface Parts {
  readonly title: string
  /** Folder in the cache → Maven scope of the POM that is copied into it. */
  readonly scopes: Readonly<Record<string, 'runtime' | 'provided'>>
  /** Java sources of ours, compiled into the folder `classes`. */
  readonly sources: readonly string[]
}

const PARTS: Readonly<Record<ServiceName, Parts>> = {
  kafka: { title: 'Kafka 4.3.1', scopes: { lib: 'runtime' }, sources: [] },
  'kafka-3.9': { title: 'Kafka 3.9.1', scopes: { lib: 'runtime' }, sources: [] },
  storm: { title: 'Storm 2.8.4', scopes: { 'lib-worker': 'runtime', 'lib-daemon': 'provided' }, sources: [] },
  activemq: { title: 'ActiveMQ 6.2.7', scopes: { lib: 'runtime' }, sources: ['StompBroker.java'] },
}

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'

/** Outside node_modules, which `npm ci` empties. */
export const CACHE = join(root, '.cache', 'services')

const sourceFile = (service: ServiceName, file: string): string =>
  fileURLToPath(new URL(`${service}/${file}`, import.meta.url))

/** Where the jars are kept: a folder named for what asks for them, so that a changed version is another folder. */
function cacheFolder(service: ServiceName): string {
  const hash = createHash('sha256').update(COPY)
  for (const file of ['pom.xml', ...PARTS[service].sources])
    hash.update(readFileSync(sourceFile(service, file)))
  return join(CACHE, `${service}-${hash.digest('hex').slice(0, 12)}`)
}

/** Whether the jars of a service are on this machine already. */
export const cached = (service: ServiceName): boolean => existsSync(cacheFolder(service))

/** The name and version of a service, as people write it. */
export const titleOf = (service: ServiceName): string => PARTS[service].title

/**
 * The folder with the jars of a service. The first call on a machine fetches them with Maven and compiles what is
 * ours; later ones, in any process, find them in `.cache/services` and need neither Maven nor a network.
 *
 * @throws what Maven or the compiler said, when that fails.
 * @example
 * const classPath = `${await jars('kafka')}/lib/*`
 */
export async function jars(service: ServiceName): Promise<string> {
  const folder = cacheFolder(service)
  if (existsSync(folder)) return folder
  const { title, scopes, sources } = PARTS[service]
  process.stderr.write(`services: fetching ${title} with Maven, once for this clone\n`)
  mkdirSync(CACHE, { recursive: true })
  // Made beside it and renamed when whole: one that was cut off is never found, and of two makers one wins.
  const making = mkdtempSync(join(CACHE, '.making-'))
  try {
    for (const [name, scope] of Object.entries(scopes))
      await copyJars(sourceFile(service, 'pom.xml'), scope, join(making, name))
    if (sources.length > 0) {
      const files = sources.map((file) => sourceFile(service, file))
      await must(javaTool('javac'), [
        '-d',
        join(making, 'classes'),
        '-cp',
        join(making, 'lib', '*'),
        ...files,
      ])
    }
    try {
      renameSync(making, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
    return folder
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

/**
 * Has Maven put the jars that a POM asks for in a scope into a folder.
 * @throws what Maven said, when that fails.
 */
export async function copyJars(pom: string, scope: 'runtime' | 'provided', folder: string): Promise<void> {
  const goal = [COPY, `-DincludeScope=${scope}`, `-DoutputDirectory=${folder}`]
  await must('mvn', ['-B', '-ntp', '-f', pom, ...goal])
}

function must(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (output += String(chunk)))
    child.on('error', (error) => reject(new Error(`cannot run ${command}: ${error.message}`)))
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ended with ${code}:\n${output.trim()}`))
    })
  })
}
