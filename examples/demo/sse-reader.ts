import { setTimeout as sleep } from 'node:timers/promises'

/** A reader of a topic over Server-Sent Events, as a browser's EventSource: it resumes where it was. */
export interface SseReader {
  /** How often each id came. */
  readonly ids: ReadonlyMap<string, number>
  /** Connections after the first. */
  reconnects(): number
  close(): Promise<void>
}

export function startSseReader(url: string): SseReader {
  const ids = new Map<string, number>()
  const closing = new AbortController()
  let connections = 0
  let lastEventId = ''

  const connect = async (): Promise<void> => {
    const response = await fetch(url, {
      signal: closing.signal,
      headers: { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) },
    })
    if (!response.ok || !response.body) throw new Error(`the reader was answered ${response.status}`)
    connections++
    let rest = ''
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) take(block)
    }
  }
  const take = (block: string): void => {
    let data = ''
    let type = 'message'
    for (const line of block.split('\n')) {
      if (line.startsWith('data: ')) data += line.slice(6)
      else if (line.startsWith('id: ')) lastEventId = line.slice(4)
      else if (line.startsWith('event: ')) type = line.slice(7)
    }
    if (type !== 'message' || data === '') return
    const { id } = JSON.parse(data) as { id: string }
    ids.set(id, (ids.get(id) ?? 0) + 1)
  }

  const running = (async () => {
    while (!closing.signal.aborted) {
      await connect().catch(() => {}) // the fabric was killed: come again
      if (!closing.signal.aborted) await sleep(50)
    }
  })()
  return {
    ids,
    reconnects: () => Math.max(0, connections - 1),
    async close() {
      closing.abort()
      await running
    },
  }
}
