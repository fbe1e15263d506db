import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { jars } from '../jars.ts'
import { SIMPLE_LOGGER } from '../java-process.ts'
import { freePorts } from '../ports.ts'
import { request } from '../request.ts'
import { ServiceRun, type Service } from '../service-run.ts'
import { until } from '../until.ts'

export interface ActiveMqOptions {
  /** Largest heap. Default: 512m, of which ActiveMQ gives 70% to messages in memory. */
  readonly heap?: string
}

/** A running ActiveMQ broker. */
export interface ActiveMq extends Service {
  /** `host:port` of its STOMP listener. It takes any login. */
  readonly stomp: string
  /** Kills the broker (SIGKILL). */
  kill(): Promise<void>
  /** Starts it again on its data and port, after a clean stop (SIGTERM) if it runs. Returns when it is ready. */
  restart(): Promise<void>
  /** Freezes the broker (SIGSTOP). */
  pause(): void
  /** Lets it go on (SIGCONT). */
  resume(): void
  /** The process id of the broker. */
  pid(): number
}

/** How long the broker may take to boot, in milliseconds: about 1 s on two idle cores; CI's may be busy. */
const BOOT_TIMEOUT = 60_000

/**
 * Starts an ActiveMQ broker with STOMP on a free port of this machine. It keeps messages in KahaDB and syncs the disk
 * before each receipt. It ends with this process at the latest.
 *
 * @throws when Java or Maven is missing, or when the broker does not start; then with the last lines of its log.
 * @example
 * await using activemq = await startActiveMq()
 * connect(activemq.stomp)
 */
export async function startActiveMq(options: ActiveMqOptions = {}): Promise<ActiveMq> {
  const installed = await jars('activemq')
  const [port = 0] = await freePorts(1)
  const stomp = `127.0.0.1:${port}`
  const run = new ServiceRun('activemq', { stomp })
  const data = join(run.data, 'data')
  const broker = () => run.process('broker')

  async function launch(): Promise<void> {
    const process = run.java({
      name: 'broker',
      main: 'StompBroker',
      args: [String(port), data],
      classPath: [join(installed, 'classes'), join(installed, 'lib', '*')],
      heap: options.heap ?? '512m',
      options: SIMPLE_LOGGER,
    })
    await until(process, BOOT_TIMEOUT, () => acceptsConnections(port))
  }

  return run.boot(async () => {
    mkdirSync(data)
    await launch()
    return {
      stomp,
      kill: () => broker().kill(),
      async restart() {
        await broker().terminate()
        await launch()
      },
      pause: () => broker().pause(),
      resume: () => broker().resume(),
      pid: () => broker().pid,
    }
  })
}

/** Whether a STOMP broker answers CONNECT with CONNECTED. */
function acceptsConnections(port: number): Promise<boolean> {
  const connect = Buffer.from('CONNECT\naccept-version:1.2\nhost:localhost\n\n\0')
  return request(port, connect, (answer) =>
    answer.includes(0) ? answer.toString().startsWith('CONNECTED\n') : undefined,
  )
}
