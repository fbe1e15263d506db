import { batchKey } from './keys.ts'
import type { Partition } from './topic/topic.ts'
import type { Tree } from './tree.ts'

/** Key of the last batch that begins at or before `offset`. */
export function floorBatch(tree: Tree, { topic, index }: Partition, offset: number): Buffer | undefined {
  for (const key of tree.getKeys({
    start: batchKey(topic.id, index, offset),
    // Exclusive in this direction too; no batch has the key before the first.
    end: batchKey(topic.id, index, 0).subarray(0, 9),
    reverse: true,
    limit: 1,
  }))
    return key
  return undefined
}

/** Key of the first batch that begins at or after `offset`. */
export function ceilingBatch(tree: Tree, { topic, index }: Partition, offset: number): Buffer | undefined {
  for (const key of tree.getKeys({ ...batchesFrom(topic.id, index, offset), limit: 1 })) return key
  return undefined
}

/** Range of a partition's batches that begin at or after `offset`. */
export function batchesFrom(
  topicId: number,
  partition: number,
  offset: number,
): { start: Buffer; end: Buffer } {
  return { start: batchKey(topicId, partition, offset), end: batchKey(topicId, partition + 1, 0) }
}
