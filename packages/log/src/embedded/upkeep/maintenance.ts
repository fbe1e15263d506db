import type { LogCore } from '../log-core.ts'
import { emptyTrash, partitionsOf, retain } from './retention.ts'

/** Applies the retention of all topics and removes what deleted ones left. */
export async function maintain(core: LogCore, _compactAll: boolean): Promise<void> {
  const { path } = core.settings
  await emptyTrash(path, core.tree, core.committer)
  for (const partition of partitionsOf(core.topics.all())) await retain(path, core.committer, partition)
}
