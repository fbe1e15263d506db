import { Worker } from 'node:worker_threads'
import {
  type Clock,
  HeddleError,
  type Log,
  type ThreadStatus,
  type Timer,
  type TopologyStatus,
  type UpgradeOptions,
  sleep,
} from '@heddle/core'
import { retryDelay } from '../local/retry-delay.ts'
import { type SentMessage, publishForwarded } from './channels.ts'
import { LogServer } from './log-server.ts'
import type { ThreadSettings } from './options.ts'
import { Rpc } from './rpc.ts'
import { type SentError, receiveError } from './sent-error.ts'
import type { ThreadData } from './serve-topology.ts'

/** After this long without a failure a thread is taken for sound: the next failure is its first, in milliseconds. */
const soundMs = 60_000

/** How often a thread is looked after, in milliseconds: often enough to end it before its memory runs over. */
const checkMs = 100

/** How long a figure is waited for, in milliseconds: who looks at all topologies does not wait for one that is stuck. */
const glanceMs = 500

const bytesOfMb = 2 ** 20

/**
 * V8's own limits. The old generation gets room above ours, since V8 ends the whole process if a thread leaps over its limit; the
 * young one is kept small for the same reason.
 */
const headroom = 2
const youngMb = 16

export interface ThreadContext {
  readonly topology: string
  readonly index: number
  /** For the thread's entry: where the topology is. */
  readonly place: unknown
  readonly log: Log
  readonly clock: Clock
  readonly settings: ThreadSettings
  /** It has ended without being asked to, and is started again. */
  readonly failed: (error: unknown) => void
  /** It runs again. */
  readonly recovered: () => void
}

/** One life of a thread. */
interface Life {
  readonly worker: Worker
  readonly rpc: Rpc
  readonly server: LogServer
  lastBeatAt: number
  /** Resolves when it is gone, and with it all that it held. */
  readonly ended: Promise<void>
}

/** A thread that runs a topology, and that is started again whenever it ends. */
export class Thread {
  readonly #context: ThreadContext
  readonly #stopped = new AbortController()
  #life: Life | undefined
  #watch: Timer | undefined
  #state: ThreadStatus['state'] = 'starting'
  #restarts = 0
  #attempts = 0
  #startedAt = 0
  #heapBytes = 0

  constructor(context: ThreadContext) {
    this.#context = context
  }

  get status(): ThreadStatus {
    return {
      thread: this.#context.index,
      state: this.#state,
      restarts: this.#restarts,
      heapBytes: this.#heapBytes,
    }
  }

  /**
   * @param options What this version may do to the one that ran before.
   * @throws What starting the topology throws; the thread is gone then.
   */
  async start(options: UpgradeOptions = {}): Promise<TopologyStatus> {
    try {
      return await this.#begin(options)
    } catch (error) {
      await this.#end()
      throw error
    }
  }

  /**
   * Asks the thread's engine.
   * @throws HEDDLE_ENGINE_STOPPED when the thread is gone, or ends before it has answered.
   */
  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const { topology, index } = this.#context
    if (this.#state !== 'running' || !this.#life)
      return Promise.reject(
        new HeddleError('HEDDLE_ENGINE_STOPPED', `thread ${index} of '${topology}' is being started`),
      )
    return this.#life.rpc.call<T>('engine.call', method, topology, ...args)
  }

  /**
   * Asks it for something that can be done without.
   * @param early Also while its topology is being started, which may take long where there is state to restore.
   * @returns `undefined` when it does not answer at once.
   */
  async glance<T>(method: string, early = false): Promise<T | undefined> {
    const over = new AbortController()
    const late = sleep(this.#context.clock, glanceMs, over.signal).then(() => undefined)
    const asked =
      early && this.#life
        ? this.#life.rpc.call<T>('engine.call', method, this.#context.topology)
        : this.call<T>(method)
    const answer = await Promise.race([asked.catch(() => undefined), late])
    over.abort()
    return answer
  }

  /** Lets the topology finish what is under way for at most `waitMs`, and ends the thread. */
  async stop(waitMs: number): Promise<void> {
    const { topology, clock, settings } = this.#context
    this.#stopped.abort()
    if (this.#state === 'running' && waitMs > 0) {
      // A thread that is stuck does not keep this from ending.
      const ended = new AbortController()
      const late = sleep(clock, waitMs + settings.graceMs, ended.signal)
      await Promise.race([
        this.#life?.rpc.call('engine.call', 'kill', topology, { waitMs }).catch(() => {}),
        late,
      ])
      // Its timer would keep the process.
      ended.abort()
    }
    await this.#end()
  }

  async #begin(options: UpgradeOptions = {}): Promise<TopologyStatus> {
    const { topology, index, place, log, clock, settings } = this.#context
    const server = new LogServer(log)
    const data: ThreadData = {
      topology,
      index,
      options,
      place,
      state: server.state,
      features: log.features,
      deletes: log.deleteRecords !== undefined,
      follows: log.follow !== undefined,
    }
    const worker = new Worker(settings.entry, {
      workerData: data,
      transferList: [server.state.port],
      name: topology,
      resourceLimits: {
        maxOldGenerationSizeMb: headroom * settings.maxHeapMb,
        maxYoungGenerationSizeMb: youngMb,
      },
    })
    const { promise: started, resolve, reject } = Promise.withResolvers<TopologyStatus>()
    started.catch(() => {})
    const rpc: Rpc = new Rpc(worker, {
      ...server.methods(() => rpc),
      'thread.started': (status: TopologyStatus) => resolve(status),
      'thread.failed': (error: SentError) => reject(receiveError(error)),
      'thread.beat': () => {
        life.lastBeatAt = clock.now()
      },
      'thread.messages': (messages: readonly SentMessage[]) => publishForwarded(messages),
    })
    let failure: unknown
    worker.on('error', (error) => {
      failure = error
    })
    const ended = new Promise<void>((resolveEnd) => {
      worker.on('exit', (code) => {
        const error =
          failure ??
          new HeddleError('HEDDLE_ENGINE_STOPPED', `a thread of '${topology}' ended with code ${code}`)
        rpc.close(`a thread of '${topology}' has ended`)
        reject(error)
        void server.close().then(resolveEnd)
        if (this.#state === 'running') void this.#restart(error)
      })
    })
    const life: Life = { worker, rpc, server, lastBeatAt: clock.now(), ended }
    this.#life = life
    this.#watchOver(life, (error) => {
      failure = error
    })
    const status = await started
    this.#state = 'running'
    this.#startedAt = clock.now()
    return status
  }

  /**
   * Ends a thread that has not been heard of for too long, since it is stuck in a loop, or that has too much memory. Its heap is
   * asked for from here, so that a loop that eats memory is seen too.
   */
  #watchOver(life: Life, end: (error: unknown) => void): void {
    const { clock, settings, topology } = this.#context
    this.#watch = clock.after(checkMs, () => {
      if (this.#life !== life) return
      const silentMs = clock.now() - life.lastBeatAt
      if (silentMs < settings.hangTimeoutMs) {
        void this.#checkMemory(life, end)
        return this.#watchOver(life, end)
      }
      end(new HeddleError('HEDDLE_THREAD_STUCK', `a thread of '${topology}' for ${Math.round(silentMs)} ms`))
      void life.worker.terminate()
    })
  }

  async #checkMemory({ worker }: Life, end: (error: unknown) => void): Promise<void> {
    const { settings, topology } = this.#context
    // One that has just ended has no heap any more.
    const heap = await worker.getHeapStatistics().catch(() => undefined)
    if (!heap) return
    this.#heapBytes = heap.used_heap_size + heap.external_memory
    if (this.#heapBytes <= settings.maxHeapMb * bytesOfMb) return
    const used = Math.round(this.#heapBytes / bytesOfMb)
    end(
      new HeddleError(
        'HEDDLE_THREAD_MEMORY',
        `a thread of '${topology}' has ${used} MB, and may have ${settings.maxHeapMb} MB`,
      ),
    )
    void worker.terminate()
  }

  /** Starts it again, as often as need be. */
  async #restart(error: unknown): Promise<void> {
    const { clock, settings, failed, recovered } = this.#context
    this.#state = 'restarting'
    if (clock.now() - this.#startedAt > soundMs) this.#attempts = 0
    let reason = error
    while (!this.#stopped.signal.aborted) {
      this.#restarts++
      failed(reason)
      await this.#life?.ended
      await sleep(clock, retryDelay(settings.restart, ++this.#attempts, Math.random), this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      try {
        await this.#begin()
        return recovered()
      } catch (again) {
        reason = again
        await this.#end()
      }
    }
  }

  async #end(): Promise<void> {
    this.#state = this.#stopped.signal.aborted ? 'starting' : 'restarting'
    this.#watch?.clear()
    const life = this.#life
    this.#life = undefined
    await life?.worker.terminate()
    await life?.ended
  }
}
