/** An event of the fabric, as far as the demo looks at it. */
export interface ReadEvent {
  readonly id: string
  readonly time?: string
  readonly type: string
  readonly team?: string
  readonly data: unknown
}

/** All events of a topic, as they stand in the log now. */
export async function* readTopic(url: string, topic: string): AsyncGenerator<ReadEvent> {
  const response = await fetch(`${url}/topics/${topic}/events?from=earliest`, {
    headers: { accept: 'application/x-ndjson' },
  })
  if (!response.ok || !response.body) throw new Error(`reading ${topic} was answered ${response.status}`)
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const { event } = JSON.parse(line) as { event?: ReadEvent }
      if (event) yield event
    }
  }
}
