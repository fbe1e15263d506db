/**
 * What goes between the two threads of a component: one speaks with Storm, the other runs the topology's code.
 *
 * @module
 */
import type { Handshake, TupleMessage } from '../../multilang/messages.ts'
import type { Printed } from './log-lines.ts'

/** To the thread with the code. */
export type ToCode =
  | { readonly tuples: readonly TupleMessage[] }
  | { readonly acked: readonly string[] }
  | { readonly failed: readonly string[] }
  | { readonly active: boolean }
  /** What it has printed, to be kept. */
  | { readonly printed: Printed }

/** From there. Of a spout, commands wait until Storm asks for them. */
export type FromCode =
  /** It can take tuples. */
  | { readonly ready: true }
  /** Framed messages for Storm, and how many of them are tuples. */
  | { readonly commands: string; readonly emits: number }
  /** It is not stuck. */
  | { readonly beat: true }
  /** It cannot go on. */
  | { readonly broken: string }

/** What that thread is told when it starts. */
export interface CodeData {
  readonly handshake: Handshake
}
