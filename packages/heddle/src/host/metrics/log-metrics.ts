import type {
  CommitFailedMessage,
  CommitMessage,
  CompactionMessage,
  CorruptMessage,
  RetentionMessage,
} from '@heddle/log/embedded'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What the embedded log does: commits, retention, damage. */
export function logMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const records = counter('heddle_log_appended_records_total', 'Records that are on disk')
  const bytes = counter('heddle_log_appended_bytes_total', 'Bytes of batches that are on disk')
  const duplicates = counter('heddle_log_duplicate_records_total', 'Records that were dropped as duplicates')
  const requests = counter('heddle_log_requests_total', 'Appends and transactions that were committed')
  const failed = counter('heddle_log_failed_commits_total', 'Commits of which nothing was kept', ['code'])
  const removed = counter('heddle_log_removed_bytes_total', 'Bytes that retention removed', [
    'topic',
    'reason',
  ])
  const compacted = counter('heddle_log_compacted_records_total', 'Records that compaction removed', [
    'topic',
  ])
  const corrupt = counter('heddle_log_corrupt_batches_total', 'Reads that met a damaged batch', ['topic'])
  const sync = new Histogram({
    name: 'heddle_log_sync_seconds',
    help: 'From the end of a write transaction until it was on disk',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
    registers,
  })
  const ends = [
    onChannel<CommitMessage>('heddle:log:commit', (commit) => {
      records.inc(commit.records)
      bytes.inc(commit.bytes)
      duplicates.inc(commit.duplicates)
      requests.inc(commit.requests)
      sync.observe(commit.syncMs / 1000)
    }),
    onChannel<CommitFailedMessage>('heddle:log:commit-failed', ({ code }) => failed.inc({ code })),
    onChannel<RetentionMessage>('heddle:log:retention', (one) =>
      removed.inc({ topic: one.topic, reason: one.reason }, one.bytes),
    ),
    onChannel<CompactionMessage>('heddle:log:compaction', ({ topic, recordsBefore, recordsAfter }) =>
      compacted.inc({ topic }, recordsBefore - recordsAfter),
    ),
    onChannel<CorruptMessage>('heddle:log:corrupt', ({ topic }) => corrupt.inc({ topic })),
  ]
  return { close: () => ends.forEach((end) => end()) }
}
