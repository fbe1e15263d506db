import { otherwise, topic, topology } from '@heddle/core'
import { work } from '../threads/work.ts'

export interface Order {
  readonly total: number
  readonly country: string
  readonly note: string
}

export interface Routing {
  /** Name of the topology, and so of its group. */
  readonly name: string
  readonly input: string
  readonly near: string
  readonly far: string
  readonly commitIntervalMs: number
}

/** What has a total goes to one of two topics by its country; `streams/Routing.java` and `kafkajs-process.ts` do the same. */
const routes = ({ name, input, near, far, commitIntervalMs }: Routing) =>
  topology(name, { guarantee: 'exactly-once', commitInterval: commitIntervalMs, maxPending: 20_000 })
    .from(topic<Order>(input))
    .filter(({ data }) => data.total > 0)
    .route(
      { near: ({ data }) => data.country === 'DE', far: otherwise },
      { near: (s) => s.to(topic(near)), far: (s) => s.to(topic(far)) },
    )

export interface Busy {
  readonly name: string
  readonly input: string
  readonly output: string
}

/** One step that needs a processor. */
const busy = ({ name, input, output }: Busy) =>
  topology(name, { guarantee: 'exactly-once' })
    .from(topic<number>(input))
    .map(({ data }) => work(data))
    .to(topic(output))

/** What a worker process can be told to run, by name. */
export const makers = { routes, busy }

export type MakerName = keyof typeof makers
