import type { Delivery, Payload } from './payloads.ts'

/** What has to come out, by the id of the delivery or by repository. */
export interface Expected {
  readonly topics: Readonly<Record<string, ReadonlySet<string>>>
  /** Deliveries by repository. */
  readonly counts: ReadonlyMap<string, number>
}

/** The rules of the topology once more, written down from GitHub's documentation and not from the topology. */
function topicOf({ event, payload }: Payload): string {
  if (Object.hasOwn(payload, 'alert')) return 'github.security'
  if (/^(issues|issue_comment|label|milestone)$/.test(event)) return 'github.issues'
  if (/^(push|pull_request.*)$/.test(event)) return 'github.code'
  if (/^(check_.*|workflow_.*|status)$/.test(event)) return 'github.checks'
  return 'github.other'
}

/** Recounts the input. */
export function expectedOf(deliveries: readonly Delivery[]): Expected {
  const topics: Record<string, Set<string>> = {
    'github.webhooks': new Set(deliveries.map(({ id }) => id)),
    'github.security': new Set(),
    'github.issues': new Set(),
    'github.code': new Set(),
    'github.checks': new Set(),
    'github.other': new Set(),
  }
  const counts = new Map<string, number>()
  for (const { id, payload } of deliveries) {
    topics[topicOf(payload)]!.add(id)
    const repository = payload.payload['repository'] as { full_name: string } | undefined
    if (repository) counts.set(repository.full_name, (counts.get(repository.full_name) ?? 0) + 1)
  }
  return { topics, counts }
}
