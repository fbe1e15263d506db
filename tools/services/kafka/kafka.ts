import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jars } from '../jars.ts'
import { LIGHT, SIMPLE_LOGGER } from '../java-process.ts'
import { freePorts } from '../ports.ts'
import { ServiceRun, type Service } from '../service-run.ts'
import { until } from '../until.ts'
import { liveBrokers } from './metadata.ts'
import { brokerProperties, propertiesText, type Properties, type SecurityProtocol } from './properties.ts'

export interface KafkaOptions {
  /** Default: the newest, 4.3. The older one is of before Kafka 4: groups by the classic protocol only. */
  readonly version?: '4.3' | '3.9'
  /** One broker, or three of which one may fail. Each is a controller too. Default: 1. */
  readonly brokers?: 1 | 3
  /**
   * Listeners besides PLAINTEXT, which is always there: name → security protocol. Each gets its own free port on every
   * broker; what it needs besides goes into `properties` (`listener.name.secure.plain.sasl.jaas.config`).
   */
  readonly listeners?: Readonly<Record<string, SecurityProtocol>>
  /** Users of SASL/SCRAM and their passwords, in both SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly scramUsers?: Readonly<Record<string, string>>
  /** Broker settings, over those that `brokerProperties` sets. */
  readonly properties?: Properties
  /** Largest heap of each broker. Default: 384m, in which a broker runs with a thousand partitions. */
  readonly heap?: string
}

/** A running Kafka cluster. Brokers are numbered from 1. */
export interface Kafka extends Service {
  /** `host:port` of each broker's PLAINTEXT listener, separated by commas. */
  readonly bootstrap: string
  /** The same for each listener, by name. */
  readonly listeners: Readonly<Record<string, string>>
  /** Kills a broker (SIGKILL). The others notice after `broker.session.timeout.ms`. */
  kill(broker: number): Promise<void>
  /** Starts a broker again on its data and ports, after a clean stop (SIGTERM) if it runs. Returns when it is ready. */
  restart(broker: number): Promise<void>
  /** Freezes a broker (SIGSTOP). */
  pause(broker: number): void
  /** Lets a frozen broker go on (SIGCONT). */
  resume(broker: number): void
  /** The process id of a broker. */
  pid(broker: number): number
}

/** How long a broker may take to boot, in milliseconds: about 4 s on two idle cores, and 90 s were seen on busy ones. */
const BOOT_TIMEOUT = 300_000

/** Any will do; each run has its own disks. */
const CLUSTER_ID = 'aGVkZGxlLWNsdXN0ZXI'

/**
 * Starts a Kafka cluster on free ports of this machine (KRaft, without ZooKeeper), and returns when every broker
 * knows every other. It ends with this process at the latest.
 *
 * @throws when Java or Maven is missing, or when a broker does not start; then with the last lines of its log.
 * @example
 * await using kafka = await startKafka({ brokers: 3 })
 * connect(kafka.bootstrap)
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const ids = [1, 2, 3].slice(0, options.brokers ?? 1)
  const security = { PLAINTEXT: 'PLAINTEXT' as const, ...options.listeners }
  const names = Object.keys(security)
  const service = options.version === '3.9' ? 'kafka-3.9' : 'kafka'
  const classPath = [join(await jars(service), 'lib', '*')]
  const controllers = await freePorts(ids.length)
  const ports = await Promise.all(ids.map(() => freePorts(names.length)))
  const addresses = (listener: string): string =>
    ports.map((of) => `127.0.0.1:${of[names.indexOf(listener)]}`).join(',')
  const plainPort = (broker: number): number => {
    const port = ports[broker - 1]?.[0]
    if (port === undefined) throw new Error(`there is no broker ${broker}`)
    return port
  }

  const bootstrap = addresses('PLAINTEXT')
  const run = new ServiceRun(service, { bootstrap })
  const file = (broker: number): string => join(run.data, `broker-${broker}.properties`)

  const heap = options.heap ?? '384m'

  async function format(broker: number): Promise<void> {
    const args = ['format', '-t', CLUSTER_ID, '-c', file(broker), ...scramArguments(options.scramUsers)]
    const main = 'kafka.tools.StorageTool'
    await run
      .java({ name: `format-${broker}`, main, args, classPath, heap, options: LIGHT })
      .untilItSucceeds()
  }

  async function boot(broker: number, ready: (live: readonly number[]) => boolean): Promise<void> {
    const args = [file(broker)]
    const name = `broker-${broker}`
    const process = run.java({ name, main: 'kafka.Kafka', args, classPath, heap, options: SIMPLE_LOGGER })
    await until(process, BOOT_TIMEOUT, async () => ready(await liveBrokers(plainPort(broker))))
  }

  return run.boot(async () => {
    for (const broker of ids) {
      const listeners = names.map((name, index) => [name, ports[broker - 1]![index]!] as const)
      const data = join(run.data, `broker-${broker}`)
      mkdirSync(data)
      const own = brokerProperties({ broker, data, controllers, listeners, security })
      writeFileSync(file(broker), propertiesText({ ...own, ...options.properties }))
    }
    await Promise.all(ids.map(format))
    await Promise.all(ids.map((broker) => boot(broker, (live) => live.length === ids.length)))
    return {
      bootstrap,
      listeners: Object.fromEntries(names.map((name) => [name, addresses(name)])),
      kill: (broker) => run.process(`broker-${broker}`).kill(),
      async restart(broker) {
        await run.process(`broker-${broker}`).terminate()
        await boot(broker, (live) => live.includes(broker))
      },
      pause: (broker) => run.process(`broker-${broker}`).pause(),
      resume: (broker) => run.process(`broker-${broker}`).resume(),
      pid: (broker) => run.process(`broker-${broker}`).pid,
    }
  })
}

/** A user is there from the first start on when its key is made with the disk. */
const scramArguments = (users: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )
