import { HeddleError, type Timer, isHeddleError, sleep } from '@heddle/core'
import { retryDelay } from '../local/retry-delay.ts'
import type {
  OperatorContext,
  OperatorFactory,
  OperatorOutput,
  OperatorTuple,
} from '../operators/operator.ts'
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
  readonly tuple: OperatorTuple
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

/** How often programs get a tick, in milliseconds, as Storm's default for those that ask for one. */
const tickMs = 1000

/**
 * A bolt that is a program. What it emits is the output of the tuple that it anchors to; what it does not anchor goes with the
 * next tuple that is done. When the program ends, it is started again and gets its tuples once more: one after the other, so that
 * the one that it ends on is known.
 */
export const shellBoltOperator: OperatorFactory = (component, _, topology) => {
  const { heartbeatTimeoutMs } = component.config as unknown as ShellConfig
  const pending = new Map<string, Pending>()
  /** Emissions that belong to no tuple. */
  let loose: EmitMessage[] = []
  /** Tuples of a program that has ended, which are tried one by one. */
  let suspects: Pending[] = []
  let context: OperatorContext
  let child: ShellProcess | undefined
  let closed = false
  let lastId = 0
  let failures = 0
  const timers = new Set<Timer>()
  const report = (message: string): void => context.report(new HeddleError('HEDDLE_SHELL_FAILED', message))

  const every = (ms: number, run: () => void): void => {
    const timer = context.clock.after(ms, () => {
      timers.delete(timer)
      if (closed) return
      run()
      every(ms, run)
    })
    timers.add(timer)
  }

  const send = (each: Pending): Promise<void> => {
    const { tuple, id } = each
    const { component: comp, stream, task, values } = tuple
    return (
      child?.send({ id, comp, stream, task, tuple: toList(values, context.fieldsOf(comp, stream)) }) ??
      Promise.resolve()
    )
  }
  const finish = (id: string, error?: unknown): void => {
    const each = pending.get(id)
    if (!each) return
    pending.delete(id)
    if (error === undefined) {
      for (const emission of loose) emit(emission, each.out)
      loose = []
      each.resolve()
    } else each.reject(error)
    if (suspects[0] === each) {
      suspects.shift()
      if (suspects[0]) void send(suspects[0])
      else for (const waiting of pending.values()) void send(waiting)
    }
  }
  const emit = ({ stream = 'default', task, tuple }: EmitMessage, out: OperatorOutput): void => {
    const fields = component.streams[stream]
    if (!fields)
      throw new RangeError(`'${component.id}' emits to stream '${stream}', which it does not declare`)
    out.emit(fromList(tuple, fields, `'${component.id}'`), { stream, ...(task !== undefined && { task }) })
  }
  const emitted = (message: EmitMessage): void => {
    // Which tasks get it is known when its tuple is done: too late for an answer.
    if (message.task === undefined && message.need_task_ids !== false) void child?.send([])
    const anchor = message.anchors?.find((id) => pending.has(id))
    if (anchor === undefined) return void loose.push(message)
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
      finish(message.id, new HeddleError('HEDDLE_TUPLE_TIMEOUT', `'${component.id}' failed it`))
  }

  const start = async (): Promise<void> => {
    child = await ShellProcess.start({
      topology,
      component,
      task: context.task,
      clock: context.clock,
      componentOf: context.componentOf,
      received,
      ended: (error) => void ended(error),
    })
  }
  /** It has ended by itself: starts it again, as often as need be. */
  const ended = async (error: HeddleError): Promise<void> => {
    const running = child
    child = undefined
    if (closed || !running) return
    report(error.detail)
    blame(error)
    suspects = [...pending.values()]
    while (!closed) {
      await sleep(context.clock, retryDelay(restart, ++failures, Math.random), context.signal)
      if (closed) return
      try {
        await start()
        if (suspects[0]) void send(suspects[0])
        return
      } catch (again) {
        report(isHeddleError(again) ? again.detail : String(again))
      }
    }
  }
  /** Gives up the tuple that the program has ended on too often. */
  const blame = (error: HeddleError): void => {
    const alone = suspects[0] ?? (pending.size === 1 ? [...pending.values()][0] : undefined)
    if (!alone || ++alone.crashes < maxCrashes) return
    suspects = []
    finish(
      alone.id,
      new HeddleError('HEDDLE_SHELL_TUPLE', `${error.detail}, ${maxCrashes} times with this event alone`),
    )
  }

  return {
    async open(opened) {
      context = opened
      await start()
      every(heartbeatTimeoutMs / beats, () => {
        if (!child) return
        const silentMs = context.clock.now() - child.heardAt
        if (silentMs > heartbeatTimeoutMs) return child.kill(`it was not heard of for ${silentMs} ms`)
        void child.send({ ...system, id: `${++lastId}`, stream: heartbeatStream, tuple: [] })
      })
      every(
        tickMs,
        () => void child?.send({ ...system, id: `${++lastId}`, stream: tickStream, tuple: [tickMs / 1000] }),
      )
    },
    execute(tuple, out) {
      const id = `${++lastId}`
      return new Promise<void>((resolve, reject) => {
        const each: Pending = { id, tuple, out, resolve, reject, crashes: 0 }
        pending.set(id, each)
        // While suspects are tried, the others wait.
        if (child && suspects.length === 0) void send(each)
      })
    },
    async close() {
      closed = true
      for (const timer of timers) timer.clear()
      await child?.close()
    },
  }
}
