import { randomBytes } from 'node:crypto'
import type { ClientFrame } from './client.ts'
import type { Scenario } from './scenario.ts'

/** What no two brokers, and no two runs, have in common. */
const own = ['message-id', 'ack', 'timestamp', 'session', 'server', 'receipt-id', 'scheduledJobId']

const isFrame = (value: unknown): value is ClientFrame =>
  typeof value === 'object' && value !== null && 'command' in value

/** What a client saw, without what is another's each time: ids, times, the words of errors. */
function normal(seen: unknown, tag: string): unknown {
  const text = JSON.stringify(seen, (_, value: unknown) => {
    if (!isFrame(value)) return value
    const { body, command } = value
    const headers = Object.fromEntries(
      Object.entries(value.headers)
        .filter(([name]) => command !== 'ERROR' || name === 'receipt-id')
        .map(([name, text]) => [name, own.includes(name) ? '…' : text]),
    )
    return { command, headers, ...(command !== 'ERROR' && { body }) }
  })
  return JSON.parse(text.replaceAll(tag, ''))
}

/** Runs a script with destinations of its own; gives what its clients saw, comparable. */
export async function runScenario({ run }: Scenario, stomp: string): Promise<unknown> {
  const tag = `t${randomBytes(6).toString('hex')}x`
  const of = (name: string): string =>
    name.startsWith('/') ? name.replace(/^\/\w+\//, `$&${tag}`) : tag + name
  return normal(await run(stomp, of), tag)
}
