import type { Json } from '../plan/plan.ts'
import { type Duration, type Size, bytes, milliseconds } from '../units.ts'
import type { BoltRef, SpoutRef } from './graph-ends.ts'

export interface ShellOptions {
  /** Folder that the program starts in. Default: that of the host. */
  readonly cwd?: string
  /**
   * Files and folders that the program needs, from `cwd`: on Storm they travel to where it runs, and it starts in a folder with
   * them. Default none: all that it needs is there already.
   */
  readonly files?: readonly string[]
  /** Environment variables beside those of the host. */
  readonly env?: Readonly<Record<string, string>>
  /** What it finds in its configuration, beside the name of the topology. */
  readonly conf?: Readonly<Record<string, Json>>
  /** A bolt gets a tick this often. Default none, as in Storm: what does not know ticks takes them for tuples. */
  readonly tick?: Duration
  /** A program that has not been heard of for this long is killed and started again. Default 30 s, as the message timeout. */
  readonly heartbeatTimeout?: Duration
  /** How long it may take to start. Default 60 s: JRuby and the JVM need some, on a busy machine. */
  readonly startTimeout?: Duration
  /** Largest message that it may send. Default 16 MB, as the largest request of the gateway. */
  readonly maxMessage?: Size
}

/** A component that is a program. */
// `any`: a program takes whatever it is sent
export interface ShellRef extends BoltRef<any>, SpoutRef<any> {
  readonly concurrency: number
}

/**
 * How many tuples a program may have at once. Programs that gather tuples, and acknowledge them together, need many.
 */
const tuplesAtOnce = 100

/**
 * A spout or a bolt in any language: a program that speaks Storm's multilang protocol, unchanged.
 * https://storm.apache.org/releases/2.8.4/Multilang-protocol.html
 *
 * @param command Found on the PATH of the host, or a path.
 * @example
 * t.bolt('score', shell('python3', ['score.py'], { cwd: import.meta.dirname }), { fields: ['word', 'score'] }).shuffle(words)
 */
export function shell(command: string, args: readonly string[] = [], options: ShellOptions = {}): ShellRef {
  const {
    cwd,
    files,
    env,
    conf,
    tick,
    heartbeatTimeout = '30s',
    startTimeout = '60s',
    maxMessage = '16mb',
  } = options
  const config: Record<string, Json> = {
    command,
    args,
    ...(cwd !== undefined && { cwd }),
    ...(files && { files }),
    ...(env && { env }),
    ...(conf && { conf }),
    ...(tick !== undefined && { tickMs: milliseconds(tick) }),
    heartbeatTimeoutMs: milliseconds(heartbeatTimeout),
    startTimeoutMs: milliseconds(startTimeout),
    maxMessageBytes: bytes(maxMessage),
  }
  return { operator: 'shell', config, code: {}, topics: [], concurrency: tuplesAtOnce }
}
