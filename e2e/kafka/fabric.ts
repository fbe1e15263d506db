import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/fabric-process.ts'
import { Running, installHeddle, temporaryFolder } from '../house/cli.ts'

/** How a host is started beside what all of a fabric have in common. */
export interface HostSettings {
  /** Further arguments of `heddle up`. */
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/**
 * `heddle up` processes on one Kafka that run the same topologies, each with a port and a folder of its own. They end with the
 * test that made it, however that ends.
 */
export class KafkaFabric {
  /** Names of topics and topologies, which are new for each run, since the brokers may be used by others. */
  readonly input: string
  readonly copied: string
  readonly counted: string
  readonly copy: string
  readonly count: string
  readonly #brokers: readonly string[]
  readonly #folder = temporaryFolder()
  readonly #hosts: Host[] = []

  /** @param topologies Makes the topology file; default: one that copies, and one that counts by key. */
  constructor(brokers: readonly string[], topologies: (fabric: KafkaFabric) => string = copyAndCount) {
    const run = randomUUID().slice(0, 8)
    this.#brokers = brokers
    this.input = `in-${run}`
    this.copied = `copied-${run}`
    this.counted = `counted-${run}`
    this.copy = `copy-${run}`
    this.count = `count-${run}`
    installHeddle(this.#folder.path)
    onTestFinished(async () => {
      await Promise.all(this.#hosts.map((host) => host.kill()))
      this.#folder[Symbol.dispose]()
    })
    writeFileSync(this.#folder.at('topologies.ts'), topologies(this))
  }

  get hosts(): readonly Host[] {
    return this.#hosts
  }

  /** Makes hosts, and starts them; resolves when all are ready. */
  async start(count: number, settings: HostSettings = {}): Promise<readonly Host[]> {
    const made = await Promise.all(Array.from({ length: count }, () => this.make(settings)))
    await Promise.all(made.map((host) => host.start()))
    return made
  }

  /** Makes a host that is not started yet. */
  async make({ args = [], env = {} }: HostSettings = {}): Promise<Host> {
    const port = await freePort()
    const data = this.#folder.at(`host-${port}`)
    mkdirSync(data)
    const log = `kafka://${this.#brokers.join(',')}`
    const all = ['up', '--json', '--http', String(port), '--log', log, '--data', data, ...args]
    const host = new Host(`http://127.0.0.1:${port}`, [...all, this.#folder.at('topologies.ts')], env)
    this.#hosts.push(host)
    return host
  }

  /** A place in the folder that is gone at the end. */
  at(...parts: string[]): string {
    return this.#folder.at(...parts)
  }
}

/** One topology without state, whose partitions are shared out, and one with a state for each key. */
const copyAndCount = ({
  input,
  copied,
  counted,
  copy,
  count,
}: KafkaFabric): string => `import { topic, topology } from 'heddle'
const input = topic<{ key: string; i: number }>('${input}', { partitions: 6 })
export default [
  topology('${copy}', { guarantee: 'exactly-once' })
    .from(input)
    .map((event) => event.data)
    .to(topic('${copied}'), { key: (data) => data.key }),
  topology('${count}', { guarantee: 'exactly-once' })
    .from(input)
    .keyBy((event) => event.data.key)
    .fold(() => ({ i: -1, count: 0 }), ({ count }, event) => ({ i: event.data.i, count: count + 1 }))
    .to(topic('${counted}')),
]
`

/** One `heddle up`, which keeps its port and its folder over restarts. */
export class Host {
  readonly url: string
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  #running: Running | undefined

  constructor(url: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.url = url
    this.#args = args
    this.#env = env
  }

  /** Starts it; resolves when it is ready, or at once when it is one that `waits` for something. */
  async start({ waits = false } = {}): Promise<void> {
    this.#running = new Running(this.#args, { env: this.#env })
    if (!waits) await this.ready()
  }

  /** Resolves when it has said that it is ready. */
  async ready(): Promise<void> {
    await this.#running!.url()
  }

  /** Resolves when its gateway answers, whatever it says. */
  async listening(): Promise<void> {
    for (;;) {
      if (
        await fetch(`${this.url}/health/live`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return
      await sleep(20)
    }
  }

  /** What it wrote to stderr. */
  get stderr(): string {
    return this.#running?.stderr ?? ''
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#running?.end('SIGKILL')
    this.#running = undefined
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const code = await this.#running!.end('SIGTERM')
    this.#running = undefined
    return code
  }

  /** SIGSTOP: it stands still, and does not know. */
  pause(): void {
    this.#running!.child.kill('SIGSTOP')
  }

  /** SIGCONT. */
  resume(): void {
    this.#running!.child.kill('SIGCONT')
  }
}
