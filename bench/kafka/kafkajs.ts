import { join } from 'node:path'
import { cached } from '../lib/cache.ts'
import { must } from '../lib/peer.ts'
import { type Side, nodeSide } from './side.ts'
import type { Routing } from './topologies.ts'

/** It is maintained no more, and so is no dependency of the project. */
const version = '2.2.4'

/**
 * The module, from the registry.
 * @throws when npm cannot get it.
 */
export async function kafkajs(): Promise<string> {
  const folder = await cached('kafkajs', { texts: [version] }, (into) =>
    must('npm', ['install', '--prefix', into, '--no-audit', '--no-fund', `kafkajs@${version}`]),
  )
  return join(folder, 'node_modules', 'kafkajs', 'index.js')
}

/** A plain consumer that sends for each message. */
export const kafkajsSide = (module: string, brokers: readonly string[], routing: Routing): Side =>
  nodeSide('kafkajs-process.ts', [module, brokers.join(','), JSON.stringify(routing)], routing.name)
