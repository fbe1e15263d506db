/**
 * Mirrors destinations between a broker such as ActiveMQ and Heddle, over STOMP on both sides, so that services move one at a time.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type HeddleError, isHeddleError } from '@heddle/core'
import { type BrokerAddress, BrokerConnection } from './broker-connection.ts'
import { type Ends, Mirror } from './mirror.ts'
import type { Direction, ParityReport } from './parity.ts'

export interface BridgeOptions {
  /** No other bridge of these brokers has it. Its durable subscriptions, and its mark on what it sends, are named for it. */
  readonly name: string
  readonly activemq: BrokerAddress
  /** The STOMP door of Heddle. */
  readonly heddle: BrokerAddress
  /** `/queue/…` and `/topic/…`. */
  readonly destinations: readonly string[]
  readonly directions: readonly Direction[]
  /** It ends when nothing waits at the source any more. */
  readonly untilEmpty: boolean
  /** When it ends, its durable subscriptions are deleted. */
  readonly forget: boolean
  /** Called every `reportMs`, and at the end. */
  readonly report: (reports: readonly ParityReport[]) => void
  readonly reportMs: number
  /** Ends it. */
  readonly signal: AbortSignal
  /** Both brokers are connected, and it mirrors. */
  readonly started: () => void
  /** A connection was lost; it is made again. */
  readonly lost: (error: Error) => void
}

/** How long after a connection was lost it is made again, in milliseconds. */
const retryMs = 1_000

/** How long a source must be quiet before it is looked whether it is empty, in milliseconds. */
const quietMs = 1_000

/**
 * Runs until it is told to end, or all has crossed.
 * @throws HEDDLE_BRIDGE_UNREACHABLE when a broker cannot be reached at the beginning; later that is tried again.
 *   HEDDLE_BRIDGE_REFUSED when a broker does not take a message, or a subscription.
 */
export async function bridge(options: BridgeOptions): Promise<readonly ParityReport[]> {
  const { destinations, directions, lost, name, report, reportMs, signal } = options
  const refused = Promise.withResolvers<never>()
  refused.promise.catch(() => {}) // raced below
  const refuse = (error: HeddleError): void => refused.reject(error)
  const mirrors = destinations.flatMap((destination) =>
    directions.map((direction) => new Mirror(name, destination, direction, directions.length > 1, refuse)),
  )
  const reports = (): readonly ParityReport[] => mirrors.map(({ parity }) => parity.report)
  const stopped = new Promise<'stopped'>((resolve) => {
    if (signal.aborted) resolve('stopped')
    signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  const reporting = setInterval(() => report(reports()), reportMs)
  try {
    for (let began = false; !signal.aborted;) {
      try {
        await using activemq = await BrokerConnection.open(options.activemq, `heddle-${name}`)
        await using heddle = await BrokerConnection.open(options.heddle, `heddle-${name}`)
        const endsOf = ({ parity: { direction } }: Mirror): Ends =>
          direction === 'to-heddle'
            ? { source: activemq, target: heddle }
            : { source: heddle, target: activemq }
        for (const mirror of mirrors) await mirror.start(endsOf(mirror))
        began = true
        options.started()
        const ended = Promise.race([activemq.ended, heddle.ended])
        const empty = options.untilEmpty ? whenEmpty(mirrors, endsOf, ended) : new Promise<never>(() => {})
        const why = await Promise.race([ended, stopped, empty, refused.promise])
        if (why instanceof Error) throw why
        await Promise.race([Promise.all(mirrors.map((mirror) => mirror.pause())), ended])
        if (options.forget) for (const mirror of mirrors) await mirror.forget(endsOf(mirror))
        break
      } catch (error) {
        if (!began || !isHeddleError(error, 'HEDDLE_BRIDGE_UNREACHABLE')) throw error
        lost(error)
        await Promise.race([delay(retryMs), stopped])
      }
    }
  } finally {
    clearInterval(reporting)
    report(reports())
  }
  return reports()
}

/** Resolves when nothing waits at any source, or with why a connection ended. */
async function whenEmpty(
  mirrors: readonly Mirror[],
  endsOf: (mirror: Mirror) => Ends,
  ended: Promise<Error>,
): Promise<'empty' | Error> {
  for (;;) {
    const why = await Promise.race([ended, delay(quietMs)])
    if (why instanceof Error) return why
    const all = await Promise.all(mirrors.map((mirror) => mirror.isEmpty(endsOf(mirror), quietMs)))
    if (all.every(Boolean)) return 'empty'
  }
}
