import process from 'node:process'
import { topic, topology, tumbling } from 'heddle'

/** How many there were, and the processes that have counted. */
export interface Counted {
  readonly hits: number
  readonly pids: readonly number[]
}

const none = (): Counted => ({ hits: 0, pids: [] })

// Windows behind windows. Event time follows the events alone, however long a cluster takes to be whole again.
const times = topology('times', { messageTimeout: '20s', idleAfter: '10h' })
  .from(topic<string>('times.hits'))
  .keyBy((e) => e.data)
  .window(tumbling('10s'))
  .aggregate(none, ({ hits }) => ({ hits: hits + 1, pids: [process.pid] }), { name: 'tens', parallelism: 2 })
  .keyBy((ten) => ten.key)
  .window(tumbling('1m'))
  .aggregate(
    none,
    ({ hits, pids }, { value }) => ({
      hits: hits + value.hits,
      pids: [...new Set([...pids, ...value.pids, process.pid])],
    }),
    { name: 'minutes' },
  )
  .to(topic('times.minutes'))

// oxlint-disable-next-line import/no-default-export -- as every topology file
export default times
