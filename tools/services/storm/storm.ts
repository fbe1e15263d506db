import { join } from 'node:path'
import { jars } from '../jars.ts'
import { LIGHT } from '../java-process.ts'
import { freePorts } from '../ports.ts'
import { request } from '../request.ts'
import { ServiceRun, type Service } from '../service-run.ts'
import { until } from '../until.ts'
import { clusterInfo } from './nimbus.ts'
import { layOutStormHome, writeStormYaml, type StormProperties } from './storm-home.ts'

export type StormDaemon = 'zookeeper' | 'nimbus' | `supervisor-${number}`

export interface StormOptions {
  /** Default: 1. */
  readonly supervisors?: 1 | 2
  /** Workers that each supervisor may run. Default: 4. */
  readonly slots?: number
  /** Settings for storm.yaml, over those set here. */
  readonly properties?: StormProperties
  /** Largest heap of each daemon. Default: 256m. */
  readonly heap?: string
  /** Largest heap of each worker, in MB. Default: 256. */
  readonly workerHeap?: number
}

/**
 * A running Storm cluster: ZooKeeper, one Nimbus, supervisors numbered from 1. Daemons of Storm end themselves at whatever they
 * did not expect, and its manual demands supervision: one that ends by itself is started again.
 */
export interface Storm extends Service {
  /** `host:port` of Nimbus (Thrift). */
  readonly nimbus: string
  readonly zookeeper: string
  /** Kills a daemon (SIGKILL), which stays away until `restart`. Workers of a killed supervisor live on, as they do in any cluster, until `stop`. */
  kill(daemon: StormDaemon): Promise<void>
  /** Starts a daemon again on its data and ports, after a clean stop (SIGTERM) if it runs. Returns when it is ready. */
  restart(daemon: StormDaemon): Promise<void>
  /** Freezes a daemon (SIGSTOP). */
  pause(daemon: StormDaemon): void
  /** Lets a frozen daemon go on (SIGCONT). */
  resume(daemon: StormDaemon): void
  /** The process id of a daemon. */
  pid(daemon: StormDaemon): number
}

/** How long a daemon may take to boot, in milliseconds: Nimbus takes about 5 s on two idle cores. */
const BOOT_TIMEOUT = 90_000

/** ZooKeeper need not outlive the machine here: without fsync, a slow disk holds up no heartbeat. */
const UNSYNCED = ['-Dzookeeper.forceSync=no']

const MAIN = {
  zookeeper: 'org.apache.storm.command.DevZookeeper',
  nimbus: 'org.apache.storm.daemon.nimbus.Nimbus',
  supervisor: 'org.apache.storm.daemon.supervisor.Supervisor',
}

/**
 * Starts a Storm cluster on free ports of this machine, and returns when Nimbus leads and knows all supervisors. It
 * ends with this process at the latest, its workers too.
 *
 * @throws when Java or Maven is missing, or when a daemon does not start; then with the last lines of its log.
 * @example
 * await using storm = await startStorm({ supervisors: 2 })
 * submitTo(`storm://${storm.nimbus}`)
 */
export async function startStorm(options: StormOptions = {}): Promise<Storm> {
  const { supervisors = 1, slots = 4, heap = '256m' } = options
  const installed = await jars('storm')
  const [zookeeperPort = 0, nimbusPort = 0] = await freePorts(2)
  const [zookeeper, nimbus] = [`127.0.0.1:${zookeeperPort}`, `127.0.0.1:${nimbusPort}`]
  const run = new ServiceRun('storm', { nimbus, zookeeper })
  const home = join(run.data, 'home')

  const common = (daemon: StormDaemon): StormProperties => ({
    'storm.local.dir': join(run.data, daemon),
    'storm.local.hostname': '127.0.0.1',
    'storm.zookeeper.servers': ['127.0.0.1'],
    'storm.zookeeper.port': zookeeperPort,
    'dev.zookeeper.path': join(run.data, 'zookeeper'),
    'nimbus.seeds': ['127.0.0.1'],
    'nimbus.thrift.port': nimbusPort,
    // How soon a topology is scheduled and its workers start. Defaults: 10 s and 3 s.
    'nimbus.monitor.freq.secs': 1,
    'supervisor.monitor.frequency.secs': 1,
    'supervisor.heartbeat.frequency.secs': 1,
    // How often Nimbus gets the figures of topologies. Default: 60 s.
    'executor.metrics.frequency.secs': 3,
    'nimbus.supervisor.timeout.secs': 10,
    // Or a supervisor that was down for three rounds of scheduling gets no work for half an hour.
    'blacklist.scheduler.tolerance.count': 1_000_000,
    'worker.heap.memory.mb': options.workerHeap ?? 256,
    'worker.childopts': '-Xmx%HEAP-MEM%m -XX:-UsePerfData -Djava.net.preferIPv4Stack=true',
    // Storm's default writes to RocksDB, whose 70 MB of jar nothing here needs.
    'storm.metricstore.class': 'org.apache.storm.metricstore.NoOpMetricStore',
  })

  async function launch(daemon: StormDaemon, ready: () => Promise<boolean>): Promise<void> {
    const conf = join(run.data, `conf-${daemon}`)
    const process = run.supervised({
      name: daemon,
      main: MAIN[daemon.startsWith('supervisor') ? 'supervisor' : (daemon as 'zookeeper' | 'nimbus')],
      classPath: [join(home, 'lib', '*'), join(home, 'lib-worker', '*'), conf],
      heap,
      options: [
        ...LIGHT,
        ...(daemon === 'zookeeper' ? UNSYNCED : []),
        `-Dstorm.home=${home}`,
        `-Dstorm.log.dir=${run.logs}`,
        '-Dstorm.conf.file=storm.yaml',
        '-Djava.library.path=',
        `-Dlog4j.configurationFile=${join(home, 'log4j2', 'cluster.xml')}`,
      ],
      env: { STORM_CONF_DIR: conf },
    })
    await until(process, BOOT_TIMEOUT, ready)
  }

  const zookeeperReady = async (): Promise<boolean> =>
    await request(zookeeperPort, Buffer.from('srvr'), (answer) => answer.includes('Mode: ') || undefined)
  const nimbusReady = async (): Promise<boolean> => (await clusterInfo(nimbusPort)).hasLeader
  const allThere = async (): Promise<boolean> => (await clusterInfo(nimbusPort)).supervisors === supervisors
  const readiness = (daemon: StormDaemon): (() => Promise<boolean>) =>
    daemon === 'zookeeper' ? zookeeperReady : daemon === 'nimbus' ? nimbusReady : allThere

  return run.boot(async () => {
    layOutStormHome(home, installed)
    const daemons: StormDaemon[] = ['zookeeper', 'nimbus']
    for (let n = 1; n <= supervisors; n++) daemons.push(`supervisor-${n}`)
    for (const daemon of daemons) {
      const [thrift, ...workers] = daemon.startsWith('supervisor') ? await freePorts(1 + slots) : []
      const own =
        thrift === undefined ? {} : { 'supervisor.thrift.port': thrift, 'supervisor.slots.ports': workers }
      writeStormYaml(join(run.data, `conf-${daemon}`), { ...common(daemon), ...own, ...options.properties })
    }
    const [first, ...others] = daemons
    await launch(first!, zookeeperReady)
    await Promise.all(others.map((daemon) => launch(daemon, readiness(daemon))))
    return {
      nimbus,
      zookeeper,
      kill: (daemon) => run.process(daemon).kill(),
      async restart(daemon) {
        await run.process(daemon).terminate()
        await launch(daemon, readiness(daemon))
      },
      pause: (daemon) => run.process(daemon).pause(),
      resume: (daemon) => run.process(daemon).resume(),
      pid: (daemon) => run.process(daemon).pid,
    }
  })
}
