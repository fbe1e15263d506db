import type { Log } from '@heddle/core'
import type { Storm } from '../../tools/services/storm/storm.ts'
import type { Report } from '../lib/figure.ts'
import { median } from '../lib/measure.ts'
import { peer } from '../lib/peer.ts'
import { Control, type Link, type Pace } from './control.ts'
import { oursOn, pipe } from './ours.ts'
import { type Peer, javaPeer, pythonPeer, submitPeer } from './peers.ts'

/** How often each side is measured, in turn with the others; a side that is one of ten is measured once. */
const rounds = 3
const warmUpMs = 3_000
const measureMs = 6_000

/** For all workers: no time for a second compiler to get going in a minute of bench, and one collector that suits two cores. */
const childOptions = '-Xmx768m -XX:+UseSerialGC'

/** How many events may be pending: which is best depends on the side and the machine, and the best one counts. */
const oursPending = [10_000, 20_000]
const javaPending = [1_000, 4_000]
const singlePending = [500]

const conditions = {
  topology: 'spout → shuffle → bolt → fields → bolt, one task each, 1 acker, 1 worker',
  event: 'a key and 190 random characters of 64',
  worker: childOptions,
  'seconds of a round': measureMs / 1000,
}

/** All sides run on one cluster, and rest while another one is measured. */
export async function measure(
  report: Report,
  storm: Storm,
  log: Log,
  brokers: readonly string[],
): Promise<void> {
  const control = await Control.open()
  const settings = { conf: { 'topology.worker.childopts': childOptions } }
  const engine = oursOn(storm.nimbus, log, brokers, control.port, settings)
  const single = oursOn(storm.nimbus, log, brokers, control.port, { ...settings, maxBatch: 1 })
  const started = async (name: string, submit: () => Promise<unknown>): Promise<readonly [Link, number]> => {
    const began = performance.now()
    const submitted = submit()
    // What is acked meanwhile counts, too.
    const link = await Promise.race([control.spout(name), submitted.then(() => control.spout(name))])
    await link.firstAck()
    const ms = performance.now() - began
    await submitted
    link.set({ rate: 0, pending: 0 })
    return [link, ms]
  }
  const startPeer = (name: string, one: Peer) =>
    started(name, () => submitPeer(one, storm, name, control.port, childOptions))
  try {
    const [java, javaMs] = await startPeer('java', await javaPeer())
    const [ours, oursMs] = await started('ours', () => engine.submit(pipe('ours', control.port)))
    report({
      figure: 'from the submit to the first ack, beyond what Java takes',
      unit: 's',
      ours: Math.max(0, oursMs - javaMs) / 1000,
      reference: 10,
      atMost: 1,
      conditions: {
        'ours, s': oursMs / 1000,
        'Java, s': javaMs / 1000,
        of: 'ours with its bundle, Java with the start of its client',
      },
    })
    const best = await throughput(report, ours, java)
    await latencies(report, ours, best)
    const [one] = await started('single', () => single.submit(pipe('single', control.port)))
    await beside(report, 'our own runtime, one event a tuple', ours, best, one)
    await single.kill('single', { waitMs: 0 })
    const python = await peer('pystorm', pythonPeer)
    if (!python) return
    const [link] = await startPeer('python', python)
    await beside(report, 'pystorm 3.1.4, one event a tuple', ours, best, link)
  } finally {
    control.close()
    await engine.close()
    await single.close()
  }
}

/** The pending events with which a side is fastest, and the median of the rounds with those. */
async function bestOf(link: Link, pendings: readonly number[]): Promise<{ pace: Pace; perSecond: number }> {
  let best = { pace: { rate: -1, pending: 0 }, perSecond: 0 }
  for (const pending of pendings) {
    const pace = { rate: -1, pending }
    const { perSecond } = await link.measure(pace, warmUpMs, measureMs)
    if (perSecond > best.perSecond) best = { pace, perSecond }
  }
  return best
}

interface Best {
  readonly pace: Pace
  readonly perSecond: number
}

async function throughput(report: Report, ours: Link, java: Link): Promise<Best> {
  const [javaBest, oursBest] = [await bestOf(java, javaPending), await bestOf(ours, oursPending)]
  const rates = { ours: [oursBest.perSecond], java: [javaBest.perSecond] }
  for (let round = 1; round < rounds; round++) {
    rates.java.push((await java.measure(javaBest.pace, warmUpMs, measureMs)).perSecond)
    rates.ours.push((await ours.measure(oursBest.pace, warmUpMs, measureMs)).perSecond)
  }
  const perSecond = median(rates.ours)
  report({
    figure: 'events acked, against the same topology in Java',
    unit: 'events/s',
    ours: perSecond,
    reference: median(rates.java),
    atLeast: 2,
    conditions: {
      ...conditions,
      rounds,
      against: 'Java, one event a tuple',
      'pending, the best of those tried': `ours ${oursBest.pace.pending}, Java ${javaBest.pace.pending}`,
    },
  })
  return { pace: oursBest.pace, perSecond }
}

async function latencies(report: Report, ours: Link, { perSecond, pace: { pending } }: Best): Promise<void> {
  const half = await ours.measure({ rate: Math.floor(perSecond / 2), pending }, warmUpMs, measureMs)
  report({
    figure: 'p99 from emit to ack at half of that load',
    unit: 'ms',
    ours: half.p99,
    reference: 60,
    atMost: 1,
    conditions: { ...conditions, 'events/s': Math.round(half.perSecond), 'p50, ms': half.p50 },
  })
  const low = await ours.measure({ rate: 100, pending }, warmUpMs, measureMs)
  report({
    figure: 'p50 from emit to ack at 100 events/s',
    unit: 'ms',
    ours: low.p50,
    reference: 5,
    atMost: 1,
    conditions: { ...conditions, 'events/s': Math.round(low.perSecond), 'p99, ms': low.p99 },
  })
}

/** One that is far slower: once, beside one more round of ours. */
async function beside(report: Report, what: string, ours: Link, { pace }: Best, other: Link): Promise<void> {
  const theirs = await bestOf(other, singlePending)
  const { perSecond } = await ours.measure(pace, warmUpMs, measureMs)
  report({
    figure: `events acked, against ${what}`,
    unit: 'events/s',
    ours: perSecond,
    reference: theirs.perSecond,
    atLeast: 10,
    conditions: { ...conditions, against: what, pending: theirs.pace.pending },
  })
}
