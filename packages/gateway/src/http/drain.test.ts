import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { ManualClock } from '@heddle/core'
import { expect, test } from 'vitest'
import { drain, unusedConnections } from './drain.ts'
import { defaultLimits } from './options.ts'

const clock = new ManualClock()
const context = { clock, limits: defaultLimits }
const sockets = { terminate: () => {} }

test('a connection on which nothing was ever sent does not hold a stop up, and one under way is answered', async () => {
  let answer: (() => void) | undefined
  const server: Server = createServer((_, response) => {
    answer = () => response.end('done')
  })
  const unused = unusedConnections(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const silent = connect(port, '127.0.0.1')
  await once(server, 'connection')
  const asked = fetch(`http://127.0.0.1:${port}/`)
  await once(server, 'request')

  const silentClosed = once(silent, 'close')
  const drained = drain(server, unused, sockets, context)
  await clock.advance(25)
  await silentClosed
  expect(server.listening).toBe(false)
  answer!()
  expect(await (await asked).text()).toBe('done')
  // The answered connection is idle from now on, and is closed when it is looked for.
  const progress = { over: false }
  void drained.then(() => (progress.over = true))
  while (!progress.over) await clock.advance(25, () => new Promise((resolve) => setImmediate(resolve)))
})
