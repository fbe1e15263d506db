import { MessageChannel } from 'node:worker_threads'
import type { Follower, Log, RestoreProgress, StoreOptions } from '@heddle/core'
import { openMemoryLog } from '@heddle/log/memory'
import { expect, test } from 'vitest'
import { LogClient } from './log-client.ts'
import { LogServer } from './log-server.ts'
import { Rpc } from './rpc.ts'

const progress = (store: string, done: number): RestoreProgress => ({
  store,
  state: done < 2 ? 'running' : 'done',
  done,
  total: 2,
  records: done,
  bytes: 10 * done,
  elapsedMs: done,
})

/** What the log in memory has no need of: copies of stores. */
function withCopies(log: Log, closed: string[]): Log {
  const { features } = log
  const store = async (name: string, options?: StoreOptions) => {
    for (const done of [0, 1, 2]) options?.progress?.(progress(name, done))
    return log.store(name)
  }
  const follow = (name: string): Follower => ({
    store: name,
    behind: async () => (name === 'new' ? undefined : 7),
    close: async () => void closed.push(name),
  })
  const copies: Pick<Log, 'features' | 'store' | 'follow'> = { features, store, follow }
  return copies as Log
}

test('progress of stores and copies of them are told over messages, and copies end with the other side', async () => {
  const memory = await openMemoryLog()
  const closed: string[] = []
  const log = withCopies(memory, closed)
  const { port1, port2 } = new MessageChannel()
  const server = new LogServer(log)
  const here: Rpc = new Rpc(
    port1,
    server.methods(() => here),
  )
  const there: Rpc = new Rpc(port2, {
    'store.progress': (...args) => client.methods['store.progress']!(...args),
  })
  const client = new LogClient(there, server.state, log.features, false, true)

  const told: RestoreProgress[] = []
  await client.store('s', { progress: (each) => told.push(each) })
  await client.store('s')
  expect(told).toEqual([0, 1, 2].map((done) => progress('s', done)))

  const [one, other] = [client.follow!('old'), client.follow!('new')]
  expect([await one.behind(), await other.behind()]).toEqual([7, undefined])
  await one.close()
  expect(closed).toEqual(['old'])
  await server.close()
  expect(closed).toEqual(['old', 'new'])
  port1.close()
  await memory.close()
})
