import { HeddleError, type Position, type Timer } from '@heddle/core'
import type { Ground, Processing } from './ground.ts'
import type { SpoutDriver } from './spout-driver.ts'

/** What a deployment keeps running. */
export interface Running {
  /** Resolves when it was stopped; rejects when it cannot go on. */
  readonly ended: Promise<void>
  readonly pending: number
  lag(): Promise<number>
  pause(): void
  resume(): void
  wake(): void
  /** @param drain What is on its way between its parts arrives before. */
  stop(waitMs: number, drain?: boolean): Promise<boolean>
  close(): Promise<void>
}

/** One life of a topology's tasks, from joining the consumer group until it has left it. Made by `startRun`. */
export class Run implements Running {
  /** Resolves when it was stopped and all is done and committed; rejects when it cannot go on. */
  readonly ended: Promise<void>
  readonly #ground: Ground
  readonly #processing: Processing
  readonly #spouts: readonly SpoutDriver[]
  readonly #killed: AbortController
  #closing: Promise<void> | undefined

  constructor(
    ground: Ground,
    processing: Processing,
    spouts: readonly SpoutDriver[],
    killed: AbortController,
  ) {
    this.#ground = ground
    this.#processing = processing
    this.#spouts = spouts
    this.#killed = killed
    this.ended = processing.run()
    // Whoever looks after it awaits it later.
    this.ended.catch(() => {})
  }

  /** Spout tuples that are not done. */
  get pending(): number {
    return this.#processing.pending
  }

  /** Before which offset of each partition all is done for good. */
  get committed(): readonly Position[] {
    return [...this.#ground.ingest.lanes].map(({ topic, partition, committedOffset }) => ({
      topic,
      partition,
      offset: committedOffset,
    }))
  }

  /** Records of the input topics that are not read yet. */
  lag(): Promise<number> {
    return this.#ground.ingest.lag()
  }

  pause(): void {
    this.#processing.pause()
  }

  resume(): void {
    this.#processing.resume()
  }

  wake(): void {
    this.#processing.wake()
  }

  /**
   * Reads no more, finishes what is under way and commits it; what is not done after `waitMs` is left to the next run. Then
   * closes all.
   *
   * @returns Whether all was done.
   */
  async stop(waitMs: number): Promise<boolean> {
    let timer: Timer | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = this.#ground.clock.after(waitMs, () => resolve(false))
    })
    this.#processing.stop()
    const inTime =
      waitMs > 0 &&
      (await Promise.race([
        this.ended.then(
          () => true,
          () => false,
        ),
        late,
      ]))
    timer?.clear()
    if (!inTime && waitMs > 0) {
      await this.#processing.salvage().catch((error: unknown) => this.#ground.report(undefined, error))
    }
    await this.close()
    return inTime
  }

  /** Ends at once: nothing more is committed. Leaves the group and closes the tasks. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { member, joined, network, transactor, report } = this.#ground
    const stopped = new HeddleError('HEDDLE_ENGINE_STOPPED', `'${this.#ground.topology.name}'`)
    this.#processing.abort(stopped)
    this.#killed.abort(stopped)
    const closing = [
      async () => transactor.close(),
      async () => (joined ? member?.leave() : undefined),
      async () => network.close(),
      ...this.#spouts.map((spout) => async () => spout.close()),
    ]
    for (const close of closing) {
      try {
        await close()
      } catch (error) {
        report(undefined, error)
      }
    }
  }
}
