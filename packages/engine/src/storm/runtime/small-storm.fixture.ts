import { type Log, type Topology, systemClock } from '@heddle/core'
import { ensureTopics } from '../../local/topics.ts'
import type { EmitMessage, TupleMessage } from '../../multilang/messages.ts'
import type { Grouping, StormTopology } from '../nimbus/structs.ts'
import { withStandIns, withTimes } from '../plan/stand-ins.ts'
import { confOf, toStorm } from '../plan/to-storm.ts'
import { transactionalIn } from '../plan/transactional.ts'
import { Commands } from './commands.ts'
import { readHandshake } from './component-context.ts'
import type { ToCode } from './messages.ts'
import { openHost } from './open-host.ts'
import { outputsTopics } from './outputs.ts'

/** What a spout emitted, and how much of its tree is under way. */
interface Tree {
  readonly spout: Task
  readonly id: string
  left: number
  failed: boolean
}

interface Task {
  readonly component: string
  readonly index: number
  readonly number: number
  /** Tuples that it has, by the ids that it knows them by. */
  readonly has: Map<string, readonly Tree[]>
  receive: ((message: ToCode) => void) | undefined
  /** What came before it was open. */
  early: ToCode[]
  alive: boolean
}

/** Java's hash of a list of one integer. */
const hashOf = (place: number): number => 31 + place

/**
 * Storm in one process, for tests: it runs the tasks of a topology on the code that real ones run, brings tuples to them by the
 * streams and groupings that Nimbus would be told, and keeps trees. Whatever is killed starts again, and what was on its way is lost.
 */
export class SmallStorm {
  readonly #topology: Topology
  readonly #log: Log
  readonly #storm: StormTopology
  readonly #conf: Readonly<Record<string, unknown>>
  readonly #numbers: ReadonlyMap<string, readonly number[]>
  #tasks = new Map<number, Task>()
  #lastTuple = 0
  #losing: { readonly component: string; readonly lost: () => void } | undefined
  /** What went wrong in tasks that are alive. */
  readonly errors: string[] = []

  private constructor(topology: Topology, log: Log) {
    this.#topology = topology
    this.#log = log
    const { plan } = topology
    const transactional = transactionalIn(topology)
    const launch = { command: 'node', script: 'component.mjs' }
    this.#storm = withTimes(toStorm(withStandIns(plan, transactional), launch), plan, transactional)
    this.#conf = confOf(plan, {
      workers: 1,
      componentLog: {},
      submittedAt: 0,
      transactional,
      conf: {},
      settings: {
        maxBatch: 100,
        maxBatchBytes: 100_000,
        maxUnderWay: 8,
        lingerMs: 10,
        hangTimeoutMs: 60_000,
        errorIntervalMs: 0,
      },
    })
    let last = 0
    this.#numbers = new Map(
      [...this.#storm.spouts, ...this.#storm.bolts].map(([id, { common }]) => [
        id,
        Array.from({ length: common.parallelismHint ?? 1 }, () => ++last),
      ]),
    )
  }

  static async submit(topology: Topology, log: Log): Promise<SmallStorm> {
    const { plan } = topology
    await ensureTopics(log, plan, outputsTopics(plan, transactionalIn(topology)))
    const storm = new SmallStorm(topology, log)
    await storm.#start()
    return storm
  }

  /** Kills all tasks at once, as the end of a worker does, and starts them again. */
  async kill(): Promise<void> {
    this.stop()
    await this.#start()
  }

  /** From here on until a kill acks of a component are lost. Resolves when the first one was. */
  loseAcksOf(component: string): Promise<void> {
    return new Promise((lost) => {
      this.#losing = { component, lost }
    })
  }

  stop(): void {
    this.#losing = undefined
    for (const task of this.#tasks.values()) task.alive = false
  }

  /** Lets spouts finish, or go on. */
  activate(active: boolean): void {
    for (const id of this.#storm.spouts.keys())
      for (const number of this.#numbers.get(id)!) this.#tell(this.#tasks.get(number)!, { active })
  }

  async #start(): Promise<void> {
    const tasks = [...this.#numbers].flatMap(([component, numbers]) =>
      numbers.map((number, index): Task => ({
        component,
        index,
        number,
        has: new Map(),
        receive: undefined,
        early: [],
        alive: true,
      })),
    )
    this.#tasks = new Map(tasks.map((task) => [task.number, task]))
    await Promise.all(tasks.map((task) => this.#open(task)))
    this.activate(true)
  }

  async #open(task: Task): Promise<void> {
    const componentOf = Object.fromEntries(
      [...this.#numbers].flatMap(([id, numbers]) => numbers.map((number) => [number, id])),
    )
    const handshake = {
      pidDir: '',
      conf: this.#conf,
      context: { componentid: task.component, taskid: task.number, 'task->component': componentOf },
    }
    const told = (error: unknown): void => {
      if (task.alive) this.errors.push(`${task.component}: ${String(error)}`)
    }
    const commands = new Commands((text) => this.#commands(task, text))
    const known = readHandshake(handshake, [this.#topology])
    const receive = await openHost(
      { ...known, clock: systemClock, log: this.#log, report: told, broken: told },
      commands,
    )
    task.receive = receive
    for (const message of task.early.splice(0)) receive(message)
  }

  #commands(task: Task, text: string): void {
    if (!task.alive) return
    for (const part of text.split('\nend\n')) {
      if (part === '') continue
      const message = JSON.parse(part) as EmitMessage | { command: 'ack' | 'fail' | 'error'; id: string }
      if (message.command === 'emit') this.#emit(task, message)
      else if (message.command !== 'error') this.#over(task, message.id, message.command === 'ack')
    }
  }

  #emit(task: Task, { id, anchors, stream, tuple }: EmitMessage): void {
    const spout = this.#storm.spouts.has(task.component)
    const trees = spout
      ? id === undefined
        ? []
        : [{ spout: task, id: id as string, left: 0, failed: false }]
      : [...new Set((anchors ?? []).flatMap((anchor) => task.has.get(anchor) ?? []))]
    for (const taker of this.#takersOf(task.component, stream!, tuple)) {
      for (const tree of trees) tree.left++
      const given = String(++this.#lastTuple)
      taker.has.set(given, trees)
      const message: TupleMessage = {
        id: given,
        comp: task.component,
        stream: stream!,
        task: task.number,
        tuple: JSON.parse(JSON.stringify(tuple)) as unknown[],
      }
      this.#tell(taker, { tuples: [message] })
    }
    for (const tree of trees) if (tree.left === 0) this.#tell(tree.spout, { acked: [tree.id] })
  }

  #takersOf(from: string, stream: string, [place]: readonly unknown[]): readonly Task[] {
    const takers: Task[] = []
    for (const [id, { common }] of this.#storm.bolts)
      for (const [source, grouping] of common.inputs)
        if (source.componentId === from && source.streamId === stream)
          takers.push(...this.#chosen(this.#numbers.get(id)!, grouping, place as number))
    return takers
  }

  #chosen(numbers: readonly number[], grouping: Grouping, place: number): readonly Task[] {
    if (grouping.all) return numbers.map((number) => this.#tasks.get(number)!)
    const { length } = numbers
    return [this.#tasks.get(numbers[((hashOf(place) % length) + length) % length]!)!]
  }

  #over(task: Task, id: string, done: boolean): void {
    const trees = task.has.get(id)
    if (!trees) throw new Error(`'${task.component}' answers ${id}, which it has not`)
    if (done && trees.length > 0 && this.#losing?.component === task.component) return this.#losing.lost()
    task.has.delete(id)
    for (const tree of trees) {
      tree.left--
      if (tree.failed) continue
      tree.failed = !done
      if (!done || tree.left === 0)
        this.#tell(tree.spout, done ? { acked: [tree.id] } : { failed: [tree.id] })
    }
  }

  #tell(task: Task, message: ToCode): void {
    // By way of the loop, as through pipes.
    setImmediate(() => {
      if (!task.alive) return
      if (task.receive) task.receive(message)
      else task.early.push(message)
    })
  }
}
