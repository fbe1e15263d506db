// Reads what `strace -f -y -xx` wrote, as the calls that matter for what is on disk.

/** A system call on one of the files that are watched. */
export type Call =
  | {
      readonly kind: 'write'
      readonly file: string
      readonly at: number
      readonly bytes: Buffer
      readonly synced: boolean
    }
  | { readonly kind: 'sync'; readonly file: string; readonly began: number }

interface Pending {
  readonly text: string
  readonly began: number
}

/**
 * Calls in the order in which they returned. A write counts from its return on; a sync covers the writes that had
 * returned when it `began`, which is an index into the answer.
 */
export function readTrace(trace: string): Call[] {
  const calls: Call[] = []
  const pending = new Map<string, Pending>()
  /** Descriptors that were opened with O_DSYNC: what is written through them is on disk when the call returns. */
  const dsync = new Set<string>()
  const positions = new Map<string, number>()
  for (const line of trace.split('\n')) {
    const [, thread, rest] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    if (thread === undefined || rest === undefined) continue
    if (rest.endsWith('<unfinished ...>')) {
      pending.set(thread, { text: rest.slice(0, -'<unfinished ...>'.length).trimEnd(), began: calls.length })
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const whole: Pending = resumed
      ? { text: pending.get(thread)!.text + resumed[1]!, began: pending.get(thread)!.began }
      : { text: rest, began: calls.length }
    const { text, began } = whole
    const result = Number(/= (-?\d+)/.exec(text.slice(text.lastIndexOf(')')))?.[1] ?? -1)
    if (result < 0) continue
    if (text.startsWith('openat(')) {
      const fd = `${result}`
      if (text.includes('O_DSYNC')) dsync.add(fd)
      else dsync.delete(fd)
      positions.set(fd, 0)
      continue
    }
    const [, name, fd, file] = /^(\w+)\((\d+)<([^>]*)>/.exec(text) ?? []
    if (name === undefined || fd === undefined || file === undefined) continue
    if (name === 'fdatasync' || name === 'fsync') calls.push({ kind: 'sync', file: unescape(file), began })
    else if (name === 'lseek') positions.set(fd, result)
    else if (name.includes('write')) {
      const bytes = Buffer.concat(
        [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) =>
          Buffer.from(hex!.replaceAll('\\x', ''), 'hex'),
        ),
      ).subarray(0, result)
      const positioned = name.startsWith('p')
      const at = positioned ? Number(/, (\d+)\)\s+= \d+/.exec(text)![1]) : (positions.get(fd) ?? 0)
      if (!positioned) positions.set(fd, at + result)
      if (bytes.length !== result) throw new Error(`the trace has ${bytes.length} bytes of ${result}`)
      calls.push({ kind: 'write', file: unescape(file), at, bytes, synced: dsync.has(fd) })
    }
  }
  return calls
}

/** With -xx strace may write paths in hexadecimal too. */
function unescape(path: string): string {
  return path.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
