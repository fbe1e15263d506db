// `npm run services -- kafka [--brokers 3]`, `-- storm [--supervisors 2]`, `-- activemq`: starts services from Maven
// Central jars on free ports, prints their addresses, and runs until ^C. `-- status` shows what runs; `-- fetch` only
// brings the jars.

import { parseArgs } from 'node:util'
import { startActiveMq } from './activemq/activemq.ts'
import { jars, titleOf, type ServiceName } from './jars.ts'
import { startKafka } from './kafka/kafka.ts'
import { running } from './registry.ts'
import type { Service } from './service-run.ts'
import { startStorm } from './storm/storm.ts'
import { whatIsMissing } from './toolchain.ts'

const USAGE = `Starts real services for tests and benches, from Maven Central jars, on free ports of this machine.

  npm run services -- kafka [--brokers 1|3]          a Kafka cluster
  npm run services -- kafka-3.9 [--brokers 1|3]      an older one, of before Kafka 4
  npm run services -- storm [--supervisors 1|2]      a Storm cluster: ZooKeeper, Nimbus, supervisors
  npm run services -- activemq                       an ActiveMQ broker with STOMP
  npm run services -- kafka storm --brokers 3        several at once
  npm run services -- status                         what runs now
  npm run services -- fetch [kafka storm activemq]   only fetch the jars, so that later starts need no network

They run until ^C, and end with this process in any case. Their logs stay in .cache/services/logs.`

const NAMES: readonly ServiceName[] = ['kafka', 'kafka-3.9', 'storm', 'activemq']

const isService = (name: string): name is ServiceName => (NAMES as readonly string[]).includes(name)

function refuse(line: string): never {
  process.stderr.write(`services: ${line}\n\n${USAGE}\n`)
  process.exit(2)
}

function oneOf<T extends number>(option: string, value: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((each) => String(each) === (value ?? String(allowed[0])))
  return found ?? refuse(`--${option} is ${allowed.join(' or ')}, not ${value}`)
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        brokers: { type: 'string' },
        supervisors: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

async function main(): Promise<void> {
  const { positionals, values } = readArguments()
  const [first, ...rest] = positionals
  if (first === undefined || values.help === true) return console.log(USAGE)
  if (first === 'status') return status()
  const names = first === 'fetch' ? rest : positionals
  const unknown = names.find((name) => !isService(name))
  if (unknown !== undefined) refuse(`there is no service ${unknown}. There are: ${NAMES.join(', ')}`)
  const wanted = first === 'fetch' && names.length === 0 ? NAMES : names.filter(isService)

  const reason = whatIsMissing(wanted)
  if (reason !== undefined) throw new Error(reason)
  if (first === 'fetch') {
    for (const name of wanted) await jars(name)
    return console.log(`services: ${wanted.map(titleOf).join(', ')}: the jars are here`)
  }
  const brokers = oneOf('brokers', values.brokers, [1, 3])
  const supervisors = oneOf('supervisors', values.supervisors, [1, 2])
  await runUntilSignal(wanted, {
    kafka: () => startKafka({ brokers }),
    'kafka-3.9': () => startKafka({ brokers, version: '3.9' }),
    storm: () => startStorm({ supervisors }),
    activemq: () => startActiveMq(),
  })
}

async function runUntilSignal(
  names: readonly ServiceName[],
  start: Readonly<Record<ServiceName, () => Promise<Service>>>,
): Promise<void> {
  const signal = new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, resolve)
  })
  const services: Service[] = []
  const booted = (async () => {
    for (const name of names) {
      const service = await start[name]()
      services.push(service)
      console.log(`${titleOf(name)} is ready, after ${(service.bootMs / 1000).toFixed(1)} s`)
      show(service.addresses)
    }
    console.log('Stop with ^C.')
    return 'booted'
  })()
  // What is half booted when the signal comes ends with this process.
  if ((await Promise.race([booted, signal])) === 'booted') await signal
  await Promise.all(services.map((service) => service.stop()))
  process.exit(0)
}

function show(rows: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(14)} ${value}`)
}

function status(): void {
  const all = running()
  if (all.length === 0) console.log('No services run.')
  for (const { service, owner, addresses, processes, logs } of all) {
    console.log(`${isService(service) ? titleOf(service) : service}, started by process ${owner}`)
    const pids = Object.entries(processes).map(([name, pid]) => [name, `process ${pid}`])
    show({ ...addresses, ...Object.fromEntries(pids), logs })
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`services: ${(error as Error).message}\n`)
  process.exit(1)
}
