import process from 'node:process'
import { topic, topology } from 'heddle'

// Says of each number which process squared it, so that a test can kill that one.
const numbers = topology('numbers', { messageTimeout: '10s' })
  .from(topic<number>('numbers'))
  .map(
    ({ data: n }) => {
      if (n === 7) console.log('squared 7')
      return { n, square: n * n, pid: process.pid }
    },
    { parallelism: 2 },
  )
  .to(topic('squares'))

// oxlint-disable-next-line import/no-default-export -- as every topology file
export default numbers
