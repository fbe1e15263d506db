import { spawnSync } from 'node:child_process'
import { cached, type ServiceName } from './jars.ts'
import { javaTool, majorVersion } from './java-tool.ts'

/** Kafka 4 and Storm 2.8 are compiled for it. */
const OLDEST_JAVA = 17

const HOW_TO_GET_IT =
  'Debian and Ubuntu: apt-get install default-jdk-headless maven; macOS: brew install openjdk maven'

/** What is missing on this machine to run these services, and how to get it; undefined when nothing is. */
export function whatIsMissing(services: readonly ServiceName[]): string | undefined {
  if (process.platform === 'win32') return 'services need process groups and signals: run them in WSL'
  const java = majorVersion(javaTool('java'))
  // What is in the cache was fetched and compiled before, and needs neither Maven nor a compiler again.
  const fetches = services.filter((service) => !cached(service))
  const lacks = [
    java === undefined && `Java ${OLDEST_JAVA} or newer`,
    java !== undefined && java < OLDEST_JAVA && `Java ${OLDEST_JAVA} or newer (this one is ${java})`,
    fetches.includes('activemq') && majorVersion(javaTool('javac')) === undefined && 'the Java compiler',
    fetches.length > 0 && spawnSync('mvn', ['--version'], { stdio: 'ignore' }).status !== 0 && 'Maven',
  ].filter((lack) => lack !== false)
  return lacks.length === 0 ? undefined : `there is no ${lacks.join(', and no ')}. ${HOW_TO_GET_IT}`
}

/**
 * Whether this machine can run these services, for tests that do without: they are skipped, and the reason is
 * printed. On CI (the environment variable `CI` is set) a reason to skip is a failure, and is thrown.
 *
 * @example
 * describe.runIf(servicesAvailable('kafka'))('on a real Kafka', () => { … })
 */
export function servicesAvailable(...services: readonly ServiceName[]): boolean {
  const reason = whatIsMissing(services)
  if (reason === undefined) return true
  const line = `cannot run ${services.join(' and ')}: ${reason}`
  const ci = process.env['CI']
  if (ci !== undefined && ci !== '' && ci !== 'false') throw new Error(line)
  process.stderr.write(`services: skipped: ${line}\n`)
  return false
}
