import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyJars } from '../../tools/services/jars.ts'
import { JavaProcess } from '../../tools/services/java-process.ts'
import { javaTool } from '../../tools/services/java-tool.ts'
import { whatIsMissing } from '../../tools/services/toolchain.ts'
import { cached } from '../lib/cache.ts'
import { must } from '../lib/peer.ts'
import type { Side } from './side.ts'
import type { Routing } from './topologies.ts'

const file = (name: string): string => fileURLToPath(new URL(`streams/${name}`, import.meta.url))

/**
 * The class path of the routing as a Kafka Streams application.
 * @throws when there is no Java, or no Maven the first time.
 */
export async function streams(): Promise<string> {
  const missing = whatIsMissing(['kafka'])
  if (missing !== undefined) throw new Error(missing)
  const folder = await cached('streams', { files: [file('pom.xml'), file('Routing.java')] }, async (into) => {
    await copyJars(file('pom.xml'), 'runtime', join(into, 'lib'))
    const classPath = join(into, 'lib', '*')
    await must(javaTool('javac'), ['-cp', classPath, '-d', join(into, 'classes'), file('Routing.java')])
  })
  return `${join(folder, 'classes')}:${join(folder, 'lib', '*')}`
}

/** Starts the application; `settings` are those of Streams besides the ones that both sides have. */
export function streamsSide(
  classPath: string,
  brokers: readonly string[],
  folder: string,
  { name, input, near, far, commitIntervalMs }: Routing,
  settings: Readonly<Record<string, string | number>>,
): Side {
  const all = {
    'application.id': name,
    'bootstrap.servers': brokers.join(','),
    'processing.guarantee': 'exactly_once_v2',
    'commit.interval.ms': commitIntervalMs,
    'auto.offset.reset': 'earliest',
    'state.dir': join(folder, 'state'),
    ...settings,
  }
  mkdirSync(folder, { recursive: true })
  const java = new JavaProcess({
    name,
    main: 'Routing',
    args: [input, near, far, ...Object.entries(all).map(([key, value]) => `${key}=${value}`)],
    classPath: [classPath],
    heap: '1g',
    options: ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
    logs: folder,
    data: folder,
  })
  const failed = java.untilItEnds()
  failed.catch(() => undefined)
  return { group: name, failed, stop: () => java.killGroup() }
}
