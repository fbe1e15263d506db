import { type ClientFrame, StompClient } from './client.ts'

export interface Scenario {
  readonly name: string
  /** Destinations are made unique by `of`. */
  readonly run: (stomp: string, of: (destination: string) => string) => Promise<unknown>
}

export const scenario = (name: string, run: Scenario['run']): Scenario => ({ name, run })
export const connect = (stomp: string, headers = {}): Promise<StompClient> =>
  StompClient.connect(stomp, headers)
export const bodies = (frames: readonly ClientFrame[]): string[] => frames.map(({ body }) => body)

export async function messages(client: StompClient, count: number): Promise<ClientFrame[]> {
  const all: ClientFrame[] = []
  while (all.length < count) all.push(await client.message())
  return all
}

/** What a client would still get, seen by a message that comes after it. */
export async function rest(stomp: string, destination: string, headers = {}): Promise<string[]> {
  await using client = await connect(stomp)
  await client.done('SUBSCRIBE', { id: 'rest', destination, ...headers })
  await client.done('SEND', { destination }, 'end')
  const all: string[] = []
  for (let body = ''; body !== 'end';) {
    ;({ body } = await client.message())
    all.push(body)
  }
  await client.done('DISCONNECT')
  return all
}
