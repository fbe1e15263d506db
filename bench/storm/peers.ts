import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jars } from '../../tools/services/jars.ts'
import { javaTool } from '../../tools/services/java-tool.ts'
import type { Storm } from '../../tools/services/storm/storm.ts'
import { cached } from '../lib/cache.ts'
import { must } from '../lib/peer.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const scripts = ['lines.py', 'pass.py', 'count.py'].map((name) => file(`python/${name}`))
const pystorm = ['pystorm==3.1.4', 'simplejson==4.3.0', 'six==1.17.0']

/** A topology that Storm's own client submits. */
export interface Peer {
  readonly jar: string
  readonly classPath: string
  readonly kind: 'java' | 'python'
}

/**
 * The pipe in Java, one event a tuple.
 * @throws when there is no Java.
 */
export const javaPeer = (): Promise<Peer> => makePeer('java', [], async () => undefined)

/**
 * The pipe with pystorm, the part of streamparse that runs in a component.
 * @throws when there is no Python with pip, or it is not to be had.
 */
export const pythonPeer = (): Promise<Peer> =>
  makePeer('python', pystorm, async (resources) => {
    await must('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', resources, ...pystorm])
    for (const script of scripts) await cp(script, join(resources, script.split('/').at(-1)!))
  })

async function makePeer(
  kind: Peer['kind'],
  texts: readonly string[],
  fill: (resources: string) => Promise<void>,
): Promise<Peer> {
  const source = file('java/Pipe.java')
  const storm = await jars('storm')
  const classPath = `${storm}/lib-worker/*:${storm}/lib-daemon/*`
  const made = await cached(
    `storm-${kind}`,
    { files: [source, ...scripts], texts: [storm, ...texts] },
    async (into) => {
      const classes = join(into, 'classes')
      await mkdir(join(classes, 'resources'), { recursive: true })
      await must(javaTool('javac'), ['-cp', classPath, '-d', classes, source])
      await fill(join(classes, 'resources'))
      await must(javaTool('jar'), ['cf', join(into, 'pipe.jar'), '-C', classes, '.'])
    },
  )
  const jar = join(made, 'pipe.jar')
  return { kind, jar, classPath: `${jar}:${classPath}` }
}

/** Submits it, as `storm jar` does. */
export const submitPeer = (
  { kind, jar, classPath }: Peer,
  storm: Storm,
  name: string,
  port: number,
  childOptions: string,
): Promise<string> =>
  must(javaTool('java'), [
    `-Dstorm.jar=${jar}`,
    '-Dstorm.conf.file=storm.yaml',
    '-cp',
    `${classPath}:${join(storm.data, 'conf-nimbus')}`,
    'Pipe',
    name,
    String(port),
    kind,
    childOptions,
  ])
