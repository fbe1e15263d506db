import { HeddleError, errorMessage } from '@heddle/core'
import { bridge } from '../../bridge/bridge.ts'
import type { BrokerAddress } from '../../bridge/broker-connection.ts'
import type { Direction, ParityReport } from '../../bridge/parity.ts'
import { exitCodes } from '../exit-codes.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson, printTable } from '../output.ts'
import { stopSignal } from '../until-stopped.ts'

interface BridgeCommandOptions {
  readonly activemq: string
  readonly heddle: string
  readonly direction: 'both' | Direction
  readonly name: string
  readonly untilEmpty?: boolean
  readonly forget?: boolean
  readonly report: string
  readonly json?: boolean
}

/** `heddle bridge activemq`: ends with 1 when something did not arrive as it was sent. */
export async function bridgeActiveMq(
  destinations: readonly string[],
  { json = false, ...options }: BridgeCommandOptions,
): Promise<void> {
  for (const destination of destinations)
    if (!/^\/(queue|topic)\/[^,*>?]+$/.test(destination))
      throw invalid(`'${destination}' is not one queue or topic, such as /queue/orders`)
  if (!/^[a-zA-Z0-9-]{1,50}$/.test(options.name))
    throw invalid(`--name is 1 to 50 letters, digits and dashes, and is '${options.name}'`)
  const reports = await bridge({
    name: options.name,
    activemq: addressOf('--activemq', options.activemq),
    heddle: addressOf('--heddle', options.heddle),
    destinations: [...new Set(destinations)],
    directions: options.direction === 'both' ? ['to-heddle', 'to-activemq'] : [options.direction],
    untilEmpty: options.untilEmpty ?? false,
    forget: options.forget ?? false,
    report: (now) => show(now, json),
    reportMs: wholeNumber('--report', options.report) * 1_000,
    signal: stopSignal(),
    started: () => process.stderr.write('mirroring\n'),
    lost: (error) => process.stderr.write(`${errorMessage(error)}; trying again\n`),
  })
  const wrong = reports.some(({ differing, missing }) => missing > 0 || differing > 0)
  process.exitCode = wrong ? exitCodes.failure : exitCodes.ok
}

function addressOf(option: string, text: string): BrokerAddress {
  const url = URL.parse(text.includes('://') ? text : `stomp://${text}`)
  if (!url || (url.protocol !== 'stomp:' && url.protocol !== 'stomp+ssl:') || url.hostname === '')
    throw invalid(`${option} is an address such as stomp://host:61613`)
  const part = (value: string): string | undefined => (value === '' ? undefined : decodeURIComponent(value))
  return {
    host: url.hostname,
    port: url.port === '' ? 61_613 : Number(url.port),
    tls: url.protocol === 'stomp+ssl:',
    login: part(url.username),
    passcode: part(url.password),
  }
}

function show(reports: readonly ParityReport[], json: boolean): void {
  if (json) return printJson(reports)
  printTable(
    [
      'destination',
      'direction',
      'received',
      'sent',
      'missing',
      'duplicates',
      'verified',
      'differing',
      'p99 ms',
    ],
    reports.map(({ latencyMs, ...one }) => [
      one.destination,
      one.direction,
      one.received,
      one.sent,
      one.missing,
      one.duplicates,
      one.verified,
      one.differing,
      latencyMs.p99,
    ]),
  )
  print()
}

const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_CONFIG_INVALID', detail)
