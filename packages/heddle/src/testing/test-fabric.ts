import {
  type DeployOptions,
  type Deployed,
  type Duration,
  type Event,
  type EventInit,
  HeddleError,
  type Log,
  ManualClock,
  type ScheduleTiming,
  type Schedules,
  type Topology,
  type TopologyDescription,
  type TopologyMetrics,
  event,
  fromRecord,
  isHeddleError,
  milliseconds,
  toRecord,
} from '@heddle/core'
import { createSchedules } from '@heddle/delivery'
import { localEngine, stateStores } from '@heddle/engine/local'
import { MemoryDisk, openMemoryLog } from '@heddle/log/memory'
import { Capture } from './capture.ts'
import { Faults } from './faults.ts'
import { Turns, untilQuiet } from './quiet.ts'
import { seeded } from './random.ts'
import { scheduledLog } from './scheduled-log.ts'

export interface TestFabricOptions {
  /**
   * What chooses the order in which things that go on at once are done; the same seed gives the same order. Default
   * `HEDDLE_TEST_SEED`, or else 1.
   */
  readonly seed?: number
  /** Where the clock stands first, in milliseconds since 1970. Default the first moment of 2026, UTC. */
  readonly now?: number
  /**
   * Into how many shares the keys of topologies with state are cut, as `keyPartitions` of the configuration does for several processes.
   * Default 1: not at all.
   */
  readonly keyPartitions?: number
}

type Engine = ReturnType<typeof localEngine>

/**
 * A whole fabric in this process and in memory: log, engine and topologies, with a clock that moves only when it is told to.
 * Nothing sleeps, and no port is opened. Sinks do not send: what they would have sent is in `sent`. Made by `testFabric`.
 */
export class TestFabric implements AsyncDisposable {
  readonly seed: number
  readonly clock: ManualClock
  /** Lets commits fail. */
  readonly faults: Faults
  readonly #keyPartitions: number
  readonly #random: () => number
  readonly #turns: Turns
  readonly #disk: MemoryDisk
  readonly #captures: Capture[] = []
  readonly #topologies = new Map<string, Topology>()
  #log: Log
  #engine: Engine
  #schedules: Schedules | undefined
  #ids = 0

  private constructor(
    { seed, keyPartitions }: { readonly seed: number; readonly keyPartitions: number },
    disk: MemoryDisk,
    parts: { random: () => number; turns: Turns; faults: Faults; log: Log; clock: ManualClock },
  ) {
    this.seed = seed
    this.#keyPartitions = keyPartitions
    this.clock = parts.clock
    this.faults = parts.faults
    this.#random = parts.random
    this.#turns = parts.turns
    this.#disk = disk
    this.#log = parts.log
    this.#engine = this.#newEngine()
  }

  /** See `testFabric`. */
  static async open({
    seed = Number(process.env['HEDDLE_TEST_SEED'] ?? 1),
    now = Date.UTC(2026, 0, 1),
    keyPartitions = 1,
  }: TestFabricOptions = {}): Promise<TestFabric> {
    const random = seeded(seed)
    const turns = new Turns(random)
    const faults = new Faults(random)
    const disk = new MemoryDisk({
      turn: turns.some,
      fault: () => faults.next(),
    })
    const clock = new ManualClock(now)
    const log = await openLog(disk, clock, turns)
    return new TestFabric({ seed, keyPartitions }, disk, { random, turns, faults, log, clock })
  }

  /** The log as the engine has it, for what is not asked for below. */
  get log(): Log {
    return this.#log
  }

  /** Runs a topology. Topics that do not say otherwise get one partition. @throws as `Engine.submit` does. */
  async submit(topology: Topology): Promise<void> {
    await this.#prepare(topology)
    await this.#drive(this.#engine.submit(topology))
    this.#topologies.set(topology.name, topology)
    await this.settle()
  }

  /**
   * Puts another version of a topology in the place of the one that runs, as `heddle deploy` does; starts it where none runs.
   * @throws HEDDLE_UPGRADE_INCOMPATIBLE with every reason; the one before runs on.
   */
  async deploy(topology: Topology, options: DeployOptions = {}): Promise<Deployed> {
    await this.#prepare(topology)
    const deployed = await this.#drive(this.#engine.deploy(topology, options))
    if (options.dryRun !== true) this.#topologies.set(topology.name, topology)
    await this.settle()
    return deployed
  }

  /** Drains and stops a topology. */
  async kill(name: string): Promise<void> {
    this.#topologies.delete(name)
    await this.#drive(this.#engine.kill(name))
  }

  async rebalance(name: string, parallelism: Readonly<Record<string, number>>): Promise<void> {
    await this.#drive(this.#engine.rebalance(name, parallelism))
    await this.settle()
  }

  /**
   * Publishes events, all in one append. What is not said: `id` is a number that counts up, `source` is `/test`, `type` is
   * `test`, `time` is that of the clock. A topic that is not there is made, with one partition.
   *
   * @throws HEDDLE_EVENT_INVALID as the front door would.
   */
  async publish(topic: string, events: readonly Partial<EventInit>[]): Promise<readonly Event[]> {
    const made = events.map((init) => this.#event(init))
    await this.#drive(
      (async () => {
        await this.#topic(topic)
        await this.log.append(topic, made.map(toRecord))
      })(),
    )
    return made
  }

  /**
   * Publishes an event for later, as `deliverafter` and its like do at the front door; see `publish` for what is not said.
   *
   * @returns The id of the schedule.
   * @throws HEDDLE_EVENT_INVALID, HEDDLE_SCHEDULE_INVALID as the front door would.
   * @example await fabric.schedule('reminders', { data: 'tea' }, { afterMs: 600_000 })
   */
  async schedule(topic: string, init: Partial<EventInit>, timing: ScheduleTiming): Promise<string> {
    const record = toRecord(this.#event(init))
    const [added] = await this.#drive(
      (async () => {
        await this.#topic(topic)
        return this.schedules.add([{ topic, record, timing }])
      })(),
    )
    return added!.id
  }

  /** What was scheduled: to be listed, moved and cancelled. Let time go by while something is asked. */
  get schedules(): Schedules {
    return (this.#schedules ??= this.#newSchedules())
  }

  /** Waits until all that was begun is done, or waits for time to go by. */
  async settle(): Promise<void> {
    await untilQuiet(this.#disk, this.#turns)
  }

  /** Lets time go by: all that is due on the way is done in its order, and then what that has begun. */
  async advance(time: Duration): Promise<void> {
    await this.settle()
    await this.clock.advance(milliseconds(time), () => this.settle())
    await this.settle()
  }

  /** All events of a topic, by partition and offset; none when there is no such topic. */
  async read(topic: string): Promise<readonly Event[]> {
    const events: Event[] = []
    if (!(await this.log.describeTopic(topic))) return events
    for (const { partition, earliest } of await this.log.partitions(topic)) {
      for (let offset = earliest; ;) {
        const [fetched] = await this.log.read([{ topic, partition, offset }])
        if (fetched === undefined) break
        for (const record of fetched.records) events.push(fromRecord(record, { topic, partition }))
        offset = fetched.nextOffset
      }
    }
    return events
  }

  /** Data of all events of a topic. */
  async data<T = unknown>(topic: string): Promise<readonly T[]> {
    return (await this.read(topic)).map(({ data }) => data as T)
  }

  /** What a topology gave up. */
  async deadLetters(topology: string): Promise<readonly Event[]> {
    return this.read((await this.describe(topology)).plan.settings.deadLetterTopic)
  }

  /** State of a component as it is committed. */
  async state(topology: string, component: string): Promise<Readonly<Record<string, unknown>>> {
    const stores = await stateStores(this.log, topology, component)
    const decoder = new TextDecoder()
    return Object.fromEntries(
      stores
        .flatMap((store) => [...store.entries()])
        .map(([key, value]) => [key, JSON.parse(decoder.decode(value)) as unknown]),
    )
  }

  /** What was delivered to sinks of a kind, such as `http`, in order. */
  sent(kind: string): readonly Event[] {
    return this.#capture(kind).sent
  }

  /** Makes sinks of a kind throw what `refuse` throws for an event; `undefined` makes them take all again. */
  refuse(kind: string, refuse: ((event: Event) => void) | undefined): void {
    this.#capture(kind).refuse = refuse
  }

  describe(topology: string): Promise<TopologyDescription> {
    return this.#engine.describe(topology)
  }

  metrics(topology: string): Promise<TopologyMetrics> {
    return this.#engine.metrics(topology)
  }

  /** How many commits, or epochs, a topology has made since it was submitted, or since the last crash. */
  async commits(topology: string): Promise<number> {
    return (await this.metrics(topology)).commits
  }

  /**
   * The process is killed and started again: what is not committed is lost, the topologies run anew on what the log has, and
   * commits succeed again.
   */
  async crash(): Promise<void> {
    this.faults.stop()
    this.#disk.cut()
    const [engine, log, schedules] = [this.#engine, this.#log, this.#schedules]
    this.#log = await openLog(this.#disk, this.clock, this.#turns)
    this.#engine = this.#newEngine()
    this.#schedules = schedules && this.#newSchedules()
    // Nothing comes of it any more; it only ends.
    const ended = Promise.allSettled([
      ...[...this.#topologies.keys()].map((name) => engine.kill(name, { waitMs: 0 })),
      schedules?.close(),
    ])
    await this.#drive(ended)
    await this.#drive(log.close().catch(() => {}))
    for (const topology of this.#topologies.values()) await this.#drive(this.#engine.submit(topology))
    await this.settle()
  }

  async close(): Promise<void> {
    this.faults.stop()
    await this.#drive(this.#engine.close())
    if (this.#schedules) await this.#drive(this.#schedules.close())
    await this.#drive(this.#log.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #event(init: Partial<EventInit>): Event {
    return event({
      type: 'test',
      source: '/test',
      time: new Date(this.clock.now()).toISOString(),
      ...init,
      id: init.id ?? `${++this.#ids}`,
    })
  }

  async #topic(name: string): Promise<void> {
    if (!(await this.log.describeTopic(name))) await this.log.createTopic({ name, partitions: 1 })
  }

  /** One partition, so that there is one order; and few timers, so that days go by fast. */
  #newSchedules(): Schedules {
    const seldomMs = 86_400_000
    return createSchedules({
      log: this.#log,
      clock: this.clock,
      partitions: 1,
      gatherMs: 0,
      maxSleepMs: seldomMs,
      cleanMs: seldomMs,
    })
  }

  async #prepare(topology: Topology): Promise<void> {
    for (const { operator, config } of topology.plan.components) {
      const kind = config['kind']
      if (operator === 'sink' && typeof kind === 'string') this.#capture(kind)
    }
    await this.#drive(this.#makeTopics(topology))
  }

  /** One partition where nothing else is said, so that there is one order. */
  async #makeTopics({ plan }: Topology): Promise<void> {
    for (const spec of plan.topics)
      if (!(await this.log.describeTopic(spec.name))) await this.log.createTopic({ partitions: 1, ...spec })
  }

  #newEngine(): Engine {
    return localEngine({
      log: this.#log,
      connectors: this.#captures,
      clock: this.clock,
      random: this.#random,
      keyPartitions: this.#keyPartitions,
      // Reads are woken when something comes.
      readWaitMs,
      // Others get their turn whenever it is looked at, not when the machine was slow.
      sliceMs: -1,
    })
  }

  #capture(kind: string): Capture {
    let capture = this.#captures.find((each) => each.kind === kind)
    if (!capture) this.#captures.push((capture = new Capture(kind)))
    return capture
  }

  /** Lets time go by until something is done that waits for time. */
  async #drive<T>(doing: Promise<T>): Promise<T> {
    let over = false
    const end = (): void => {
      over = true
    }
    doing.then(end, end)
    for (let steps = 0; ; steps++) {
      await this.settle()
      if (over) return doing
      const next = this.clock.next
      if (next === undefined || steps === maxSteps)
        throw new HeddleError(
          'HEDDLE_TEST_STUCK',
          next === undefined ? 'nothing is due any more' : `after ${maxSteps} timers`,
        )
      await this.clock.advance(next - this.clock.now(), () => this.settle())
    }
  }
}

async function openLog(disk: MemoryDisk, clock: ManualClock, turns: Turns): Promise<Log> {
  return scheduledLog(await openMemoryLog({ disk, clock, maintenanceMs }), turns.some)
}

/** How long a read waits for records, in milliseconds: seldom, since each time that passes in vain costs turns of the event loop. */
const readWaitMs = 3_600_000

/** How often retention and compaction run, in milliseconds. Twenty times less often than on a disk, so that days go by fast. */
const maintenanceMs = 600_000

/** How many timers may fire before something that is waited for counts as stuck: hours of a topology's life. */
const maxSteps = 100_000

/**
 * Opens a fabric for a test.
 *
 * @example
 * await using fabric = await testFabric()
 * await fabric.submit(shop)
 * await fabric.publish('orders', [{ data: { total: 120 } }])
 * await fabric.advance('1m')
 * assert.deepEqual(await fabric.data('large-orders'), [{ total: 120 }])
 */
export function testFabric(options: TestFabricOptions = {}): Promise<TestFabric> {
  return TestFabric.open(options)
}

/**
 * Runs a test once for each of so many seeds, each on a fabric of its own, so that what goes on at once is done in as many
 * different orders. With `HEDDLE_TEST_SEED` set only that one is run.
 *
 * @throws HEDDLE_TEST_FAILED with the seed that it failed with.
 */
export async function forSeeds(count: number, run: (fabric: TestFabric) => Promise<void>): Promise<void> {
  const only = process.env['HEDDLE_TEST_SEED']
  const seeds = only === undefined ? Array.from({ length: count }, (_, at) => at + 1) : [Number(only)]
  for (const seed of seeds) {
    try {
      await using fabric = await testFabric({ seed })
      await run(fabric)
    } catch (error) {
      if (isHeddleError(error) && error.code === 'HEDDLE_TEST_FAILED') throw error
      throw new HeddleError(
        'HEDDLE_TEST_FAILED',
        `with seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error, info: { seed } },
      )
    }
  }
}
