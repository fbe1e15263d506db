import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { setImmediate as immediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ManualClock, isHeddleError } from '@heddle/core'
import { afterEach, expect, test } from 'vitest'
import { Reader, Writer } from '../thrift/bytes.ts'
import { string } from '../thrift/type.ts'
import { parseStormUrl } from './address.ts'
import { withJars } from './dependency-jars.ts'
import { methods } from './methods.ts'
import { Nimbus } from './nimbus.ts'

/** What a server says to a method: the fields of its reply, or nothing, and it hangs up. */
type Answers = Readonly<Record<string, object | undefined>>

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A Nimbus as it is on the wire. */
async function serve(
  answers: () => Answers,
  at = 0,
): Promise<{ readonly host: string; readonly port: number; calls: string[]; end: () => Promise<unknown> }> {
  const calls: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE()) {
        const message = received.subarray(4, 4 + received.readInt32BE())
        received = received.subarray(4 + message.length)
        const reader = new Reader(message)
        reader.int32()
        const [name, sequence] = [string.read(reader), reader.int32()]
        calls.push(name)
        const fields = answers()[name]
        if (!fields) {
          socket.destroy()
          return
        }
        const writer = new Writer()
        writer.int32(0x80010002 | 0)
        string.write(writer, name)
        writer.int32(sequence)
        methods[name as 'getLeader'].reply.write(writer, fields)
        const length = Buffer.alloc(4)
        length.writeInt32BE(writer.written.length)
        socket.write(Buffer.concat([length, writer.written]))
      }
    })
    socket.on('error', () => {})
  }).listen(at, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  const end = (): Promise<unknown> => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  }
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, calls, end }
}

const summary = (port: number) => ({
  host: '127.0.0.1',
  port,
  uptimeSecs: 1,
  isLeader: true,
  version: '2.8.4',
})
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

test('the leader is found through a seed that follows, past one that does not answer', async () => {
  const leader = await serve(() => ({ getTopologySummaries: { result: [] } }))
  const follower = await serve(() => ({ getLeader: { result: summary(leader.port) } }))
  const nimbus = new Nimbus({ seeds: [{ host: '127.0.0.1', port: 1 }, follower] })
  expect(await nimbus.call('getTopologySummaries', {})).toEqual([])
  expect(await nimbus.call('getTopologySummaries', {})).toEqual([])
  expect(follower.calls).toEqual(['getLeader'])
  await nimbus.close()
})

test('another one that leads takes the next call, and what only reads is asked again', async () => {
  let leads = 0
  const ports: number[] = []
  const who = () => ({ getLeader: { result: summary(ports[leads]!) } })
  const all = [
    await serve(() => ({ ...who(), getTopologySummaries: leads === 0 ? { result: [] } : undefined })),
    await serve(() => ({ ...who(), getTopologySummaries: { result: [] } })),
  ]
  ports.push(...all.map(({ port }) => port))
  const nimbus = new Nimbus({ seeds: all })
  await nimbus.call('getTopologySummaries', {})
  leads = 1
  expect(await nimbus.call('getTopologySummaries', {})).toEqual([])
  expect(all[1]!.calls).toEqual(['getTopologySummaries'])
  await nimbus.close()
})

test('what changes something is not sent twice, since it may have been done', async () => {
  const leader = await serve(() => ({ getLeader: { result: summary(leader.port) }, activate: undefined }))
  const nimbus = new Nimbus({ seeds: [leader] })
  const error = await failure(nimbus.call('activate', { name: 'x' }))
  expect(isHeddleError(error, 'HEDDLE_ENGINE_UNAVAILABLE')).toBe(true)
  expect(leader.calls).toEqual(['getLeader', 'activate'])
})

test.each([
  ['NotAliveException', 'HEDDLE_ENGINE_UNKNOWN_TOPOLOGY'],
  ['AuthorizationException', 'HEDDLE_FORBIDDEN'],
  ['InvalidTopologyException', 'HEDDLE_ENGINE_REFUSED'],
] as const)('%s is %s', async (exception, code) => {
  const leader = await serve(() => ({
    getLeader: { result: summary(leader.port) },
    rebalance: { [exception]: { msg: 'no x' } },
  }))
  const nimbus = new Nimbus({ seeds: [leader] })
  const error = await failure(nimbus.call('rebalance', { name: 'x', options: {} }))
  expect(isHeddleError(error, code) && error.detail).toBe('Nimbus says: no x')
  await nimbus.close()
})

test('one that is started again is waited for, within bounds', async () => {
  const answers = (port: number) => (): Answers => ({
    getLeader: { result: summary(port) },
    getTopologySummaries: { result: [] },
  })
  const { port, end } = await serve(() => answers(port)())
  const clock = new ManualClock()
  const nimbus = new Nimbus({ seeds: [{ host: '127.0.0.1', port }], patienceMs: 1000, pollMs: 10, clock })
  await nimbus.call('getTopologySummaries', {})
  await end()
  const waiting = nimbus.call('getTopologySummaries', {})
  // It sleeps between attempts: so the first have failed.
  while (clock.pending === 0) await immediate()
  const again = await serve(answers(port), port)
  await clock.advance(10)
  expect(await waiting).toEqual([])
  await again.end()
  const error = failure(nimbus.call('getTopologySummaries', {}))
  while (clock.pending === 0) await immediate()
  await clock.advance(1000)
  expect(isHeddleError(await error, 'HEDDLE_ENGINE_UNAVAILABLE')).toBe(true)
})

test('when nobody answers, each seed is named', async () => {
  const nimbus = new Nimbus({ seeds: [{ host: '127.0.0.1', port: 1 }] })
  const error = await failure(nimbus.call('getClusterInfo', {}))
  expect(isHeddleError(error, 'HEDDLE_ENGINE_UNAVAILABLE') && error.detail).toContain('127.0.0.1:1: ')
})

test('addresses', () => {
  expect(parseStormUrl('storm://a,b:6628,[::1]:1')).toEqual([
    { host: 'a', port: 6627 },
    { host: 'b', port: 6628 },
    { host: '::1', port: 1 },
  ])
  for (const wrong of [
    'http://a',
    'storm://',
    'storm://a:0',
    'storm://a:99999',
    'storm://a b',
    'storm://a/b',
  ])
    expect(() => parseStormUrl(wrong)).toThrow(`'${wrong}' is not`)
})

test('jars are uploaded under keys of their own, and deleted when the topology is not submitted after all', async () => {
  const server = await serve(() => ({
    getLeader: { result: summary(server.port) },
    beginCreateBlob: { result: 'session' },
    uploadBlobChunk: {},
    finishBlobUpload: {},
    deleteBlob: {},
  }))
  const nimbus = new Nimbus({ seeds: [server] })
  const jar = fileURLToPath(import.meta.url)
  const uploaded = ['getLeader', 'beginCreateBlob', 'uploadBlobChunk', 'finishBlobUpload']
  let keys: readonly string[] = []
  await withJars(nimbus, [jar], async (given) => void (keys = given))
  expect(keys).toEqual([expect.stringMatching(/^dep-[0-9a-f-]{36}-nimbus\.test\.ts$/)])
  expect(server.calls).toEqual(uploaded)
  const refused = withJars(nimbus, [jar], () => Promise.reject(new Error('no')))
  await expect(refused).rejects.toThrow('no')
  expect(server.calls).toEqual([...uploaded, ...uploaded.slice(1), 'deleteBlob'])
  expect(
    isHeddleError(await failure(withJars(nimbus, ['/no/such.jar'], async () => {})), 'HEDDLE_MODULE_INVALID'),
  ).toBe(true)
  await nimbus.close()
})
