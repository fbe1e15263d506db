import {
  HeddleError,
  type PlanComponent,
  type Spout,
  type SpoutContext,
  type SpoutOutput,
  systemClock,
} from '@heddle/core'
import { type ProgramMessage, type SpoutCommand, fromList } from './messages.ts'
import { ShellProcess, type ShellConfig } from './shell-process.ts'

/** A spout that is a program: asked for tuples, and told what became of them. When it ends it is started again. */
export function shellSpout(
  component: PlanComponent,
  topology: string,
  componentOf: Readonly<Record<string, string>>,
): Spout {
  const { heartbeatTimeoutMs } = component.config as unknown as ShellConfig
  let context: SpoutContext
  let child: ShellProcess | undefined
  let starting: Promise<void> | undefined
  const closing = new AbortController()
  let out: SpoutOutput | undefined
  /** The command that is being answered. */
  let answering: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined
  let news: SpoutCommand[] = []

  const received = (message: Exclude<ProgramMessage, { pid: number }>): void => {
    if (message.command === 'sync') return answering?.resolve()
    if (message.command !== 'emit') return
    const { id, tuple } = message
    const stream = message.stream ?? 'default'
    const task = message.task ?? undefined
    // Which tasks get it is not known here.
    if (task === undefined && message.need_task_ids !== false) void child?.send([])
    const fields = component.streams[stream]
    try {
      if (!fields)
        throw new RangeError(`'${component.id}' emits to stream '${stream}', which it does not declare`)
      out!.emit(fromList(tuple, fields, `'${component.id}'`), {
        stream,
        ...(task !== undefined && { task }),
        ...(id !== undefined && id !== null && { id: JSON.stringify(id) }),
      })
    } catch (error) {
      answering?.reject(error)
    }
  }
  const launch = async (): Promise<void> => {
    child = await ShellProcess.start({
      topology,
      component,
      task: context.task,
      componentOf,
      sources: {},
      signal: closing.signal,
      received,
      ended: (error) => {
        child = undefined
        answering?.reject(error)
      },
    })
    try {
      await command({ command: 'activate' })
    } catch (error) {
      await child?.close()
      throw error
    }
  }
  const start = (): Promise<void> => (starting = launch())
  const command = async (message: SpoutCommand): Promise<void> => {
    const answered = Promise.withResolvers<void>()
    answering = answered
    const late = systemClock.after(heartbeatTimeoutMs, () =>
      child?.kill(`it did not answer '${message.command}' within ${heartbeatTimeoutMs} ms`),
    )
    try {
      void child!.send(message)
      await answered.promise
    } finally {
      late.clear()
      answering = undefined
    }
  }

  return {
    async open(opened) {
      context = opened
      await start()
    },
    async next(given) {
      out = given
      if (!child) await start()
      const told = news
      news = []
      for (const each of told) await command(each)
      if (!child) throw new HeddleError('HEDDLE_SHELL_FAILED', `'${component.id}' has ended`)
      await command({ command: 'next' })
    },
    ack: (id) => void news.push({ command: 'ack', id: JSON.parse(id) as unknown }),
    fail: (id) => void news.push({ command: 'fail', id: JSON.parse(id) as unknown }),
    async close() {
      closing.abort()
      const last = child?.close()
      await starting?.catch(() => {})
      await last
    },
  }
}
