// A topology whose one bolt needs a processor: some 100 µs for each event.
import { topic, topology } from 'heddle'

const rounds = 100_000

function work(seed: number): number {
  let hash = seed
  for (let round = 0; round < rounds; round++) hash = Math.imul(hash ^ round, 0x01000193)
  return hash
}

export default topology('busy', { threads: Number(process.env['HEDDLE_BENCH_THREADS'] ?? 1) })
  .from(topic<number>('in', { partitions: 8 }))
  .map((event) => work(event.data))
  .to(topic('out', { partitions: 8 }))
