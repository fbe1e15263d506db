// The work alone, in a thread with nothing else in it.
import { parentPort, workerData } from 'node:worker_threads'
import { work } from './work.ts'

let sum = 0
for (let n = 0; n < (workerData as number); n++) sum ^= work(n)
parentPort!.postMessage(sum)
