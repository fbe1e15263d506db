import { type Clock, HeddleError, type Timer, isHeddleError, sleep, systemClock } from '@heddle/core'
import { retryDelay } from '../local/retry-delay.ts'
import type { OperatorContext, OperatorFactory, OperatorOutput } from '../operators/operator.ts'
import { frame } from './framing.ts'
import {
  type EmitMessage,
  type ProgramMessage,
  fromList,
  heartbeatStream,
  system,
  tickStream,
  toList,
} from './messages.ts'
import { ShellProcess, type ShellConfig } from './shell-process.ts'

/** A tuple that the program has, or is to get. */
interface Pending {
  readonly id: string
  readonly framed: string
  readonly out: OperatorOutput
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** It was the only one that the program had when it ended, so often. */
  crashes: number
}

/** How often a program may end on the same tuple before that is given up. */
const maxCrashes = 3

/** How a program that has ended is started again. */
const restart = { attempts: Number.POSITIVE_INFINITY, initialMs: 100, factor: 2, maxMs: 10_000, jitter: 0.2 }

/** In each heartbeat timeout it is asked so often whether it lives. */
const beats = 3

/** How many tuples without an anchor a program may emit before it acknowledges any: what is more would fill memory. */
const maxLoose = 100_000

/**
 * A bolt that is a program. What it emits is the output of the tuple that it anchors to; what it does not anchor goes with the
 * next tuple that is done. When the program ends, it is started again and gets its tuples once more: one after the other, so that
 * the one that it ends on is known.
 */
export const shellBoltOperator: OperatorFactory = (component, _, topology) => {
  const { heartbeatTimeoutMs, tickMs } = component.config as unknown as ShellConfig
  const pending = new Map<string, Pending>()
  /** Emissions that belong to no tuple. */
  let loose: EmitMessage[] = []
  /** Tuples of a program that has ended, which are tried one by one. */
  let suspects: Pending[] = []
  let context: OperatorContext
  let child: ShellProcess | undefined
  let starting: Promise<void> | undefined
  const closing = new AbortController()
  let lastId = 0
  let failures = 0
  const timers = new Set<Timer>()
  const report = (message: string): void => context.report(new HeddleError('HEDDLE_SHELL_FAILED', message))

  const every = (clock: Clock, ms: number, run: () => void): void => {
    const timer = clock.after(ms, () => {
      timers.delete(timer)
      run()
      every(clock, ms, run)
    })
    timers.add(timer)
  }

  const send = ({ framed }: Pending): void => void child?.write(framed)
  const finish = (id: string, error?: unknown): void => {
    const each = pending.get(id)
    if (!each) return
    pending.delete(id)
    try {
      if (error === undefined) for (const emission of loose.splice(0)) emit(emission, each.out)
    } catch (wrong) {
      error = wrong
    }
    if (error === undefined) each.resolve()
    else each.reject(error)
    if (suspects[0] === each) {
      suspects.shift()
      if (suspects[0]) send(suspects[0])
      else for (const waiting of pending.values()) send(waiting)
    }
  }
  const emit = (message: EmitMessage, out: OperatorOutput): void => {
    const { tuple } = message
    const stream = message.stream ?? 'default'
    const task = message.task ?? undefined
    const fields = component.streams[stream]
    if (!fields)
      throw new RangeError(`'${component.id}' emits to stream '${stream}', which it does not declare`)
    out.emit(fromList(tuple, fields, `'${component.id}'`), { stream, ...(task !== undefined && { task }) })
  }
  const emitted = (message: EmitMessage): void => {
    // Which tasks get it is known when its tuple is done: too late for an answer.
    if (typeof message.task !== 'number' && message.need_task_ids !== false) void child?.send([])
    const anchor = message.anchors?.find((id) => pending.has(id))
    if (anchor === undefined) {
      if (loose.push(message) > maxLoose)
        child?.kill(`it emitted ${maxLoose} tuples without an anchor, and acknowledged none`)
      return
    }
    try {
      emit(message, pending.get(anchor)!.out)
    } catch (error) {
      finish(anchor, error)
    }
  }
  const received = (message: Exclude<ProgramMessage, { pid: number }>): void => {
    if (message.command === 'emit') emitted(message)
    else if (message.command === 'ack') {
      failures = 0
      finish(message.id)
    } else if (message.command === 'fail')
      finish(message.id, new HeddleError('HEDDLE_SHELL_FAILED', `'${component.id}' failed the tuple`))
  }

  const sources = (): Record<string, Record<string, readonly string[]>> => {
    const found: Record<string, Record<string, readonly string[]>> = {}
    for (const { from, stream } of component.inputs)
      (found[from] ??= {})[stream] = context.fieldsOf(from, stream)
    return found
  }
  const launch = async (): Promise<void> => {
    child = await ShellProcess.start({
      topology,
      component,
      task: context.task,
      componentOf: context.componentOf,
      sources: sources(),
      signal: closing.signal,
      received,
      ended: (error) => void ended(error),
    })
  }
  const start = (): Promise<void> => (starting = launch())
  /** It has ended by itself: starts it again, as often as need be. */
  const ended = async (error: HeddleError): Promise<void> => {
    const running = child
    child = undefined
    if (closing.signal.aborted || !running) return
    report(error.detail)
    blame(error)
    // What went with it is made again by the tuples that it is of.
    loose = []
    suspects = [...pending.values()]
    for (;;) {
      await sleep(systemClock, retryDelay(restart, ++failures, Math.random), closing.signal)
      if (closing.signal.aborted) return
      try {
        await start()
        if (suspects[0]) send(suspects[0])
        return
      } catch (again) {
        if (closing.signal.aborted) return
        report(isHeddleError(again) ? again.detail : String(again))
      }
    }
  }
  /** Gives up the tuple that the program has ended on too often. */
  const blame = (error: HeddleError): void => {
    const alone = suspects[0] ?? (pending.size === 1 ? [...pending.values()][0] : undefined)
    if (!alone || ++alone.crashes < maxCrashes) return
    // The others have done nothing wrong, and need not wait.
    suspects = []
    failures = 0
    finish(
      alone.id,
      new HeddleError('HEDDLE_SHELL_TUPLE', `${error.detail}, ${maxCrashes} times with this event alone`),
    )
  }

  return {
    async open(opened) {
      context = opened
      await start()
      every(systemClock, heartbeatTimeoutMs / beats, () => {
        if (!child) return
        const silentMs = systemClock.now() - child.heardAt
        if (silentMs > heartbeatTimeoutMs) return child.kill(`it was not heard of for ${silentMs} ms`)
        void child.send({ ...system, id: `${++lastId}`, stream: heartbeatStream, tuple: [] })
      })
      if (tickMs === undefined) return
      every(
        context.clock,
        tickMs,
        () => void child?.send({ ...system, id: `${++lastId}`, stream: tickStream, tuple: [tickMs / 1000] }),
      )
    },
    execute(tuple, out) {
      const id = `${++lastId}`
      const { component: comp, stream, task, values } = tuple
      // What JSON cannot have fails its tuple, and no other.
      const framed = frame({ id, comp, stream, task, tuple: toList(values, context.fieldsOf(comp, stream)) })
      return new Promise<void>((resolve, reject) => {
        const each: Pending = { id, framed, out, resolve, reject, crashes: 0 }
        pending.set(id, each)
        // While suspects are tried, the others wait.
        if (child && suspects.length === 0) send(each)
      })
    },
    async close() {
      closing.abort()
      for (const timer of timers) timer.clear()
      await starting?.catch(() => {})
      await child?.close()
    },
  }
}
