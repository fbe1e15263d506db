// The work of the busy topology, with nothing else in the process. Argument: how often. Sends how often it was done in a second.
import { work } from '../threads/work.ts'

const times = Number(process.argv[2])
process.on('disconnect', () => process.exit(0))
let sum = 0
const began = performance.now()
for (let n = 0; n < times; n++) sum ^= work(n)
if (!Number.isInteger(sum)) throw new Error('the work was left out')
process.send?.((times / (performance.now() - began)) * 1000)
