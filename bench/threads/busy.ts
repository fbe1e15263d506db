// A topology whose one bolt needs a processor.
import { topic, topology } from 'heddle'
import { work } from './work.ts'

export default topology('busy', { threads: Number(process.env['HEDDLE_BENCH_THREADS'] ?? 1) })
  .from(topic<number>('in', { partitions: 8 }))
  .map((event) => work(event.data))
  .to(topic('out', { partitions: 8 }))
