import process from 'node:process'
import { topic, topology } from 'heddle'

// Says of each number which process squared it, so that a test can kill that one.
const numbers = topology('numbers', { messageTimeout: '10s' })
  .from(topic<number>('numbers'))
  .map((e) => ({ n: e.data, square: e.data * e.data, pid: process.pid }), { parallelism: 2 })
  .to(topic('squares'))

// oxlint-disable-next-line import/no-default-export -- as every topology file
export default numbers
