/** A thread that owns a log in memory and serves it, for the test of `LogClient`. */
import { parentPort } from 'node:worker_threads'
import { MemoryDisk, openMemoryLog } from '@heddle/log/memory'
import { LogServer } from './log-server.ts'
import { type Methods, Rpc } from './rpc.ts'

const disk = new MemoryDisk()

async function open() {
  const log = await openMemoryLog({ disk })
  const server = new LogServer(log)
  const methods = server.methods(() => rpc)
  parentPort!.postMessage({ state: server.state, features: log.features }, [server.state.port])
  return { log, server, methods }
}

const names = Object.keys(new LogServer(await openMemoryLog()).methods(() => rpc))
let now: Awaited<ReturnType<typeof open>>
const forwarded: Methods = Object.fromEntries(
  names.map((name) => [name, (...args: never[]) => now.methods[name]!(...args)]),
)
const rpc: Rpc = new Rpc(parentPort!, {
  ...forwarded,
  'test.maintain': () => now.log.maintain(),
  'test.reopen': async () => {
    await now.server.close()
    await now.log.close()
    now = await open()
  },
})
now = await open()
