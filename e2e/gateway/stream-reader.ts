/** Reads a response piece by piece, as far as a test wants. */
export class StreamReader {
  text = ''
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()

  constructor(response: Response) {
    this.#reader = response.body!.getReader()
  }

  /** Reads until the text so far passes; @throws when the stream ends before. */
  async until(passes: (text: string) => boolean): Promise<string> {
    while (!passes(this.text))
      if (!(await this.#more())) throw new Error(`the stream ended after: ${this.text}`)
    return this.text
  }

  /** Reads all there is. */
  async end(): Promise<string> {
    while (await this.#more());
    return this.text
  }

  /** Hangs up. */
  async cancel(): Promise<void> {
    await this.#reader.cancel()
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read()
    if (!done) this.text += this.#decoder.decode(value, { stream: true })
    return !done
  }
}

export interface SseBlock {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

/** The complete blocks of a text. */
export const blocks = (text: string): SseBlock[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((block) =>
      Object.fromEntries(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')) || 'comment', line.slice(line.indexOf(':') + 2)]),
      ),
    )

/** Ids of the events in it. */
export const eventIds = (text: string): string[] =>
  blocks(text)
    .filter(({ data, event }) => data !== undefined && event === undefined)
    .map(({ data }) => (JSON.parse(data!) as { id: string }).id)

/** Opens a stream of Server-Sent Events. */
export async function openSse(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<StreamReader> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers } })
  if (response.headers.get('content-type') !== 'text/event-stream; charset=utf-8')
    throw new Error(`${response.status} ${await response.text()}`)
  return new StreamReader(response)
}
