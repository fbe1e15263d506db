import { fileURLToPath } from 'node:url'
import { jars } from '../../tools/services/jars.ts'
import { javaTool } from '../../tools/services/java-tool.ts'
import { whatIsMissing } from '../../tools/services/toolchain.ts'
import { cached } from '../lib/cache.ts'
import type { Measured } from '../lib/figure.ts'
import { median, scratch } from '../lib/measure.ts'
import { must } from '../lib/peer.ts'
import { wordsPerLine } from './words.ts'

const source = fileURLToPath(new URL('storm/WordCount.java', import.meta.url))

/** How long it runs, in seconds, and how many of these are for Java to get warm. */
const seconds = 16
const warmUp = 8

/** More executors, which are threads, were slower on two cores. */
const executors = 1
/** How many lines may be pending; which is best depends on the machine, and the best one counts. */
const pending = [500, 2000, 8000]

/**
 * The class path of the word count in Java; its jars are those that `npm run services` fetches with Maven.
 * @throws when there is no Java, or no Maven the first time.
 */
export async function storm(): Promise<string> {
  const missing = whatIsMissing(['storm'])
  if (missing !== undefined) throw new Error(missing)
  const folder = await jars('storm')
  const classPath = `${folder}/lib-worker/*:${folder}/lib-daemon/*`
  const classes = await cached('storm', { files: [source], texts: [folder] }, (into) =>
    must(javaTool('javac'), ['-cp', classPath, '-d', into, source]),
  )
  return `${classes}:${classPath}`
}

/** The word count in Java on Storm's LocalCluster. */
export async function stormWordCount(classPath: string): Promise<{
  tuplesPerSecond: number
  conditions: Measured['conditions']
}> {
  let best = { maxPending: 0, lines: 0 }
  for (const maxPending of pending) {
    const lines = await ackedLines(classPath, maxPending)
    if (lines > best.lines) best = { maxPending, lines }
  }
  return {
    tuplesPerSecond: best.lines * (1 + wordsPerLine),
    conditions: {
      against: `Storm 2.8.4, LocalCluster, the same in Java, ${executors} executor for each component, 1 acker, the best of ${pending.join(', ')} lines pending: ${best.maxPending}`,
      'seconds of Storm': seconds - warmUp,
    },
  }
}

/** Lines a second, once it is warm. */
async function ackedLines(classPath: string, maxPending: number): Promise<number> {
  const output = await scratch((local) =>
    must(javaTool('java'), [
      '-Xmx2g',
      `-Dstorm.local.dir=${local}`,
      `-Djava.io.tmpdir=${local}`,
      '-cp',
      classPath,
      'WordCount',
      String(seconds),
      String(executors),
      String(maxPending),
    ]),
  )
  const acked = [...output.matchAll(/^acked (\d+)$/gm)].map(([, lines]) => Number(lines)).slice(warmUp)
  if (acked.length === 0) throw new Error(`Storm did not say what it acked:\n${output}`)
  return median(acked)
}
