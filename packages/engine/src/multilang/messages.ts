/**
 * Storm's multilang protocol: what goes between a worker and a program that is a component.
 * https://storm.apache.org/releases/2.8.4/Multilang-protocol.html
 *
 * ```
 * message   = JSON '\n' 'end' '\n'
 * handshake = { conf, pidDir, context }             to the program; it makes an empty file of its pid in pidDir
 *           → { pid }
 * tuple     = { id, comp, stream, task, tuple }     to a bolt; of component `__system` also ticks and heartbeats
 * next      = { command: 'next' }                   to a spout, as activate, ack, fail; each is answered with a sync
 * ```
 *
 * @module
 */
import type { Values } from '@heddle/core'

/** What a program is told when it starts. */
export interface Handshake {
  readonly conf: Readonly<Record<string, unknown>>
  readonly pidDir: string
  readonly context: Readonly<Record<string, unknown>>
}

/** A tuple as a bolt gets it: values in the order of the stream's fields. */
export interface TupleMessage {
  readonly id: string
  readonly comp: string
  readonly stream: string
  readonly task: number
  readonly tuple: readonly unknown[]
}

export interface SpoutCommand {
  readonly command: 'activate' | 'next' | 'ack' | 'fail'
  readonly id?: unknown
}

export interface EmitMessage {
  readonly command: 'emit'
  /** Of a spout: what it knows the tuple by. */
  readonly id?: unknown
  /** Of a bolt: ids of the tuples that it comes of. */
  readonly anchors?: readonly string[] | null
  readonly stream?: string | null
  readonly task?: number | null
  /** It waits for the tasks that got the tuple; so does one that does not say. */
  readonly need_task_ids?: boolean | null
  readonly tuple: readonly unknown[]
}

/** What a program sends. */
export type ProgramMessage =
  | { readonly pid: number }
  | EmitMessage
  | { readonly command: 'ack' | 'fail'; readonly id: string }
  | { readonly command: 'sync' }
  | { readonly command: 'log'; readonly msg: unknown; readonly level?: number }
  | { readonly command: 'error'; readonly msg: unknown }
  | { readonly command: 'metrics'; readonly name: string; readonly params: unknown }

/** Levels of the log command, by their numbers. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const

/** How much of a message is shown in an error. */
const shown = 200

/** What a program sent, as one of the messages that it may send. @throws TypeError that shows any other. */
export function programMessage(message: unknown): ProgramMessage {
  const { command, pid, tuple, id } = message as Record<string, unknown>
  const valid =
    command === undefined
      ? typeof pid === 'number'
      : command === 'emit'
        ? Array.isArray(tuple)
        : command === 'ack' || command === 'fail'
          ? typeof id === 'string'
          : ['sync', 'log', 'error', 'metrics'].includes(command as string)
  if (valid) return message as ProgramMessage
  throw new TypeError(
    `it sent ${JSON.stringify(message).slice(0, shown)}, which is no message of the protocol`,
  )
}

/** Component and task of what comes from the engine itself. */
export const system = { comp: '__system', task: -1 } as const
export const heartbeatStream = '__heartbeat'
export const tickStream = '__tick'

/** Values by field, as the protocol has them. */
export const toList = (values: Values, fields: readonly string[]): readonly unknown[] =>
  fields.map((field) => values[field] ?? null)

/** @throws RangeError when there are more or fewer values than fields. */
export function fromList(list: readonly unknown[], fields: readonly string[], what: string): Values {
  if (list.length !== fields.length)
    throw new RangeError(
      `${what} emitted ${list.length} values, and the stream has the fields ${fields.join(', ')}`,
    )
  return Object.fromEntries(fields.map((field, at) => [field, list[at]]))
}
