import { HeddleError } from '../../errors.ts'
import { KeyedStream } from '../../topology/keyed-stream.ts'
import type { Key } from '../../topology/step-options.ts'
import type { Flow } from '../step-kind.ts'

/** The stream of a step that goes by key. @throws HEDDLE_TOPOLOGY_INVALID where no key was chosen before. */
export function keyedStream({ stream }: Flow): KeyedStream<Key, any> {
  if (stream instanceof KeyedStream) return stream as KeyedStream<Key, any>
  throw new HeddleError(
    'HEDDLE_TOPOLOGY_INVALID',
    "this goes by key: put '- keyBy: EXPRESSION' right before it",
  )
}
