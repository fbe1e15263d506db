/**
 * The gateway on the embedded log, durable: how many events it takes, how soon they are read, and what it costs to be there.
 * Server and load are processes of their own and share the machine.
 */
import { createClient } from '@heddle/client'
import type { Report } from '../lib/figure.ts'
import { measureFdatasync, percentile, scratch, sideBySide } from '../lib/measure.ts'
import { cost } from './cost.ts'
import { drive, pace } from './load.ts'
import { publishRequests, timedRequest } from './requests.ts'
import { startServer } from './server.ts'

const rounds = 5
const secondsEach = 4

export async function run(report: Report): Promise<void> {
  await scratch(async (folder) => {
    await using gateway = await startServer('gateway-process.ts', [folder])
    await using reference = await startServer('reference-process.ts')
    await single(report, gateway.port, reference.port)
    await batched(report, gateway.port, reference.port)
  })
  await scratch(async (folder) => {
    await using gateway = await startServer('gateway-process.ts', [folder])
    await latency(report, gateway.port, folder)
  })
  await cost(report)
}

/** Names each run's events, so that none is a repeat of an earlier one. */
let runs = 0
const nextRun = (): string => `r${(runs++).toString(36)}`

async function single(report: Report, port: number, reference: number): Promise<void> {
  const side = (to: number) => async () =>
    (
      await drive({
        port: to,
        connections: 64,
        seconds: secondsEach,
        requests: publishRequests('orders', 1, nextRun()),
      })
    ).perSecond
  // The first moments are the compiler's.
  await side(port)()
  await side(reference)()
  const measured = await sideBySide(rounds, { ours: side(port), reference: side(reference) })
  report({
    figure: 'HTTP publish, single events',
    unit: 'events/s',
    ...measured,
    atLeast: 0.7,
    conditions: {
      payload: '1 KB, structured',
      connections: 64,
      fsync: 'before each answer, group commit',
      rounds,
      against: 'the same fastify route that parses the JSON and only answers',
    },
  })
}

async function batched(report: Report, port: number, reference: number): Promise<void> {
  const connections = 16
  const side = (to: number) => async () => {
    const requests = publishRequests('orders', 100, nextRun())
    return (await drive({ port: to, connections, seconds: secondsEach, requests })).perSecond * 100
  }
  await side(port)()
  const measured = await sideBySide(rounds, { ours: side(port), reference: side(reference) })
  report({
    figure: 'HTTP publish, batches of 100',
    unit: 'events/s',
    ours: measured.ours,
    reference: 150_000,
    atLeast: 1,
    conditions: {
      payload: '1 KB',
      connections,
      fsync: 'before each answer, group commit',
      rounds,
      against: 'a bound',
      'the same route that parses the JSON and only answers': Math.round(measured.reference),
    },
  })
}

async function latency(report: Report, port: number, folder: string): Promise<void> {
  const perSecond = 1_000
  const seconds = 10
  const client = createClient({ url: `http://127.0.0.1:${port}` })
  const latencies: number[] = []
  const reading = (async () => {
    for await (const { event } of client.subscribe<{ sent: number }>('orders', { from: 'earliest' })) {
      latencies.push(performance.now() - event.data.sent)
      if (latencies.length === perSecond * seconds) break
    }
  })()
  const before = measureFdatasync(folder)
  await pace({ port, connections: 64, perSecond, seconds, request: timedRequest() })
  await reading
  const fsync = Math.min(before, measureFdatasync(folder))
  // The first seconds are the compiler's.
  const steady = latencies.slice(2 * perSecond)
  const conditions = {
    payload: '1 KB, structured',
    rate: `${perSecond} events/s, each its own request`,
    seconds,
    reader: 'SSE',
    fsync: 'before it is visible',
    against: 'one fdatasync of 4 KB on that disk',
  }
  report({
    figure: 'publish to read, p50',
    unit: 'ms',
    ours: percentile(steady, 0.5),
    reference: fsync,
    atMost: 5,
    conditions,
  })
  report({
    figure: 'publish to read, p99',
    unit: 'ms',
    ours: percentile(steady, 0.99),
    reference: fsync,
    atMost: 25,
    conditions,
  })
}
