import type { LogCore } from '../log-core.ts'
import { compact } from './compaction.ts'
import { emptyTrash, retain } from './retention.ts'

/**
 * Applies retention, compacts, and removes what deleted topics left.
 * @param force Compact all that can be, and not only where it is worth it.
 */
export async function maintain(core: LogCore, force: boolean): Promise<void> {
  const { tree, committer, settings, topics, reader } = core
  // Slots of readers that were killed hold pages, which could not be used again.
  tree.readerCheck()
  await emptyTrash(settings.path, tree, committer)
  topics.refresh()
  for (const topic of topics.all())
    for (const partition of topic.partitions) {
      await retain(settings.path, committer, partition)
      if (topic.info.compaction) await compact(core, partition, force)
    }
  reader.forget()
}
