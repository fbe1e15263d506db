import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Settings by their names in storm.yaml. */
export type StormProperties = Readonly<Record<string, unknown>>

/**
 * Lays out a STORM_HOME as the distribution has it, since a supervisor builds the class path of its workers from it.
 *
 * @param jars the folder with `lib-worker` and `lib-daemon`.
 */
export function layOutStormHome(home: string, jars: string): void {
  for (const folder of ['bin', 'extlib', 'extlib-daemon', 'log4j2']) {
    mkdirSync(join(home, folder), { recursive: true })
  }
  symlinkSync(join(jars, 'lib-worker'), join(home, 'lib-worker'))
  symlinkSync(join(jars, 'lib-daemon'), join(home, 'lib'))
  writeFileSync(join(home, 'RELEASE'), '2.8.4\n')
  for (const [from, to] of [
    ['log4j2-daemon.xml', 'cluster.xml'],
    ['log4j2-worker.xml', 'worker.xml'],
  ] as const) {
    copyFileSync(fileURLToPath(new URL(from, import.meta.url)), join(home, 'log4j2', to))
  }
}

/** Writes `storm.yaml` into a folder of its own, which a daemon has on its class path. */
export function writeStormYaml(folder: string, properties: StormProperties): void {
  mkdirSync(folder, { recursive: true })
  // JSON is YAML too.
  const lines = Object.entries(properties).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
  writeFileSync(join(folder, 'storm.yaml'), lines.join(''))
}
