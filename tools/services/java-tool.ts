import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The program of that name in JAVA_HOME where that is set, or else whichever is on the path. */
export function javaTool(name: 'java' | 'javac' | 'jar'): string {
  const home = process.env['JAVA_HOME']
  return home === undefined || home === '' ? name : join(home, 'bin', name)
}

/** The major version that a Java program says it has, or undefined where there is no such program. */
export function majorVersion(program: string): number | undefined {
  const asked = spawnSync(program, ['-version'], { encoding: 'utf8' })
  if (asked.status !== 0) return undefined
  // `openjdk version "17.0.15"` or `javac 17.0.15`, on stderr or stdout; Java 8 calls itself 1.8.
  const [, first, second] = /(\d+)(?:\.(\d+))?/.exec(asked.stderr + asked.stdout) ?? []
  return first === undefined ? undefined : Number(first === '1' ? second : first)
}
