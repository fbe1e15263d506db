import { type Event, backoff, cel, file, http, otherwise, topic, topology, tumbling } from 'heddle'
import { teamOf } from './teams.ts'

/** What most webhooks of GitHub have in common. */
interface Webhook {
  readonly action?: string
  readonly repository?: { readonly full_name: string }
  readonly organization?: { readonly login: string }
  readonly sender?: { readonly login: string }
}

type WithRepository = Event<Webhook & Required<Pick<Webhook, 'repository'>>>

const receiver = process.env['DEMO_RECEIVER'] ?? 'http://127.0.0.1:4334'
const folder = process.env['DEMO_OUT'] ?? 'out'
/** There, what goes to connectors leaves by `outputs.topology.ts`. */
const onStorm = process.env['DEMO_ENGINE'] === 'storm'

/** The event, with the team that owns its repository as the extension attribute `team`. */
async function addTeam(event: Event<Webhook>): Promise<Event<Webhook>> {
  const { repository, organization, sender } = event.data
  const owner = repository?.full_name.split('/')[0] ?? organization?.login ?? sender?.login ?? 'nobody'
  return { ...event, extensions: { ...event.extensions, team: await teamOf(owner, receiver) } }
}

export default topology('github', {
  guarantee: onStorm ? 'at-least-once' : 'exactly-once',
  // Webhooks get their time when they arrive, and a few may overtake each other on the way to the disk.
  maxOutOfOrder: '4s',
  idleAfter: '2s',
})
  .from(topic<Webhook>('github.webhooks', { partitions: 4 }))
  .wireTap((all) =>
    all
      .filter((event): event is WithRepository => event.data.repository !== undefined)
      .keyBy((event) => event.data.repository.full_name)
      .window(tumbling('5s'))
      .count()
      .to(topic('github.counts')),
  )
  .enrich(addTeam, { concurrency: 64, retry: backoff('50ms', { attempts: 8 }) })
  .route(
    {
      security: cel`has(event.data.alert)`,
      issues: cel`event.type in ['issues', 'issue_comment', 'label', 'milestone']`,
      code: (event) => event.type === 'push' || event.type.startsWith('pull_request'),
      checks: cel`event.type.startsWith('check_') || event.type.startsWith('workflow_') || event.type == 'status'`,
      rest: otherwise,
    },
    {
      security: (events) => events.to(topic('github.security')),
      issues: (events) =>
        (onStorm ? events : events.wireTap((copy) => copy.to(http(`${receiver}/hook`)))).to(
          topic('github.issues'),
        ),
      code: (events) => events.to(topic('github.code')), // which the SSE reader follows
      checks: (events) =>
        (onStorm ? events : events.wireTap((copy) => copy.to(file(`${folder}/checks.jsonl`)))).to(
          topic('github.checks'),
        ),
      rest: (events) => events.to(topic('github.other')),
    },
  )
