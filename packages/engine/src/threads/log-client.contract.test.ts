import { Worker } from 'node:worker_threads'
import type { LogFeatures } from '@heddle/core'
import { logContract } from '@heddle/core/contracts'
import { describe, test } from 'vitest'
import { LogClient } from './log-client.ts'
import { Rpc } from './rpc.ts'
import type { AskerEnd } from './sync-channel.ts'
import { setFlagsForThreads } from './v8-flags.ts'

const define: (title: string, run: () => Promise<void>, timeout: number) => void = test

setFlagsForThreads()
logContract(
  'of another thread',
  async () => {
    const worker = new Worker(new URL('log-thread.fixture.ts', import.meta.url), {
      execArgv: ['--conditions=@heddle/source'],
    })
    let client: LogClient | undefined
    const rpc = new Rpc(worker, { 'group.changed': (...args) => client!.methods['group.changed']!(...args) })
    const opened = (): Promise<LogClient> =>
      new Promise((resolve) => {
        const take = ({ state, features }: { state?: AskerEnd; features: LogFeatures }): void => {
          if (!state) return
          worker.off('message', take)
          resolve((client = new LogClient(rpc, state, features, true, false)))
        }
        worker.on('message', take)
      })
    const log = await opened()
    return {
      log,
      reopen: async () => {
        await client!.close()
        const next = opened()
        await rpc.call('test.reopen')
        return next
      },
      close: async () => void (await worker.terminate()),
      maintain: () => rpc.call('test.maintain'),
    }
  },
  { describe, test: (title, run) => define(title, run, 60_000) },
)
