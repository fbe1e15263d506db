import { parentPort, workerData } from 'node:worker_threads'
import type { Engine, Log, LogFeatures, Topology, UpgradeOptions } from '@heddle/core'
import { forwardChannels } from './channels.ts'
import { LogClient } from './log-client.ts'
import { Rpc } from './rpc.ts'
import { sendError } from './sent-error.ts'
import type { AskerEnd } from './sync-channel.ts'

/** What a thread gets to begin with. */
export interface ThreadData {
  /** What the engine's `locate` gave for the topology. */
  readonly place: unknown
  readonly topology: string
  /** Which of the topology's threads this is, from 0 on. */
  readonly index: number
  /** What it may do to the version that ran before. */
  readonly options: UpgradeOptions
  readonly state: AskerEnd
  readonly features: LogFeatures
  /** The log can delete records. */
  readonly deletes: boolean
  /** The log keeps copies of stores. */
  readonly follows: boolean
}

/** What the thread that runs a topology needs from who knows how to find it. */
export interface Opened {
  readonly engine: Engine
  readonly topology: Topology
}

/** How often a thread says that it is not stuck, in milliseconds. */
const beatMs = 500

/**
 * Makes this thread run one topology for a `threadEngine` in another; to be called first thing in the module that is its
 * `entry`.
 *
 * @param open Loads the topology from what `locate` gave, and makes an engine on the log, which is the other thread's. `index` says
 *   which of the topology's threads this is, from 0 on.
 * @example
 * await serveTopology(async (place, log) => ({ engine: localEngine({ log }), topology: await load(place as string) }))
 */
export async function serveTopology(
  open: (place: unknown, log: Log, index: number) => Promise<Opened>,
): Promise<void> {
  const {
    place,
    topology: name,
    index,
    options,
    state,
    features,
    deletes,
    follows,
  } = workerData as ThreadData
  let opened: Opened | undefined
  const rpc: Rpc = new Rpc(parentPort!, {
    'group.changed': (...args) => log.methods['group.changed']!(...args),
    'store.progress': (...args) => log.methods['store.progress']!(...args),
    'engine.call': (method: 'metrics', ...args: [string]) => opened!.engine[method](...args),
  })
  const log = new LogClient(rpc, state, features, deletes, follows)
  forwardChannels((messages) => void rpc.call('thread.messages', messages))
  const beat = (): void => void rpc.call('thread.beat')
  setInterval(beat, beatMs)
  try {
    opened = await open(place, log, index)
    if (opened.topology.name !== name)
      throw new TypeError(`'${opened.topology.name}' was found in place of '${name}'`)
    await rpc.call('thread.started', await opened.engine.submit(opened.topology, options))
  } catch (error) {
    await rpc.call('thread.failed', sendError(error))
  }
}
