import type { Command } from 'commander'
import { examples, remote } from './options.ts'

const load = () => import('../commands/subscriptions.ts')

const settingsOf = (command: Command): Command =>
  command
    .option('--topic <topic...>', 'what it takes events from')
    .option('--filter <cel>', 'only events that it wants, as "event.type == \'order.paid\'"')
    .option('--order <by>', 'key: one at a time of each key; partition; or none')
    .option('--lease <time>', 'how long a consumer may take for an event')
    .option('--max-in-flight <n>', 'most events that are given out and not settled, in each process')
    .option('--attempts <n>', 'how often an event is given out before it is a dead letter; 0: without end')
    .option('--delays <times>', "waits between attempts one by one, as '1s,10s,5m'")
    .option('--within <time>', 'no attempt begins later than this after the event was published')
    .option('--max-age <time>', 'events that are older are not given out')
    .option('--expired <what>', 'what becomes of those: drop or dead-letter')
    .option('--push <url>', 'post its events to this endpoint; none: no more')
    .option(
      '--secret <key...>',
      'what pushes are signed with: whsec_… or whsk_…, several while they are changed',
    )
    .option('--header <header...>', "sent with each push, as 'name: value'")
    .option('--timeout <time>', 'how long the endpoint may take to answer')
    .option('--concurrency <n>', 'most pushes under way, in each process')

/** `subscriptions …` */
export function subscriptionCommands(program: Command): void {
  const subscriptions = program
    .command('subscriptions')
    .description('Make, steer and delete durable consumers of topics; take events from them.')
  remote(subscriptions.command('list', { isDefault: true }))
    .description('All subscriptions.')
    .action(async (options: object) => (await load()).listSubscriptions(options as never))
  examples(
    settingsOf(remote(subscriptions.command('create')))
      .description('Make a subscription.')
      .argument('<name>')
      .option('--from <place>', "latest (default), earliest, a time, or how long ago: '2h'")
      .action(async (name: string, options: object) =>
        (await load()).createSubscription(name, options as never),
      ),
    `heddle subscriptions create mails --topic orders --filter "event.type == 'order.paid'"`,
    'heddle subscriptions create hook --topic orders --push https://team.example/hook --secret "$HOOK_SECRET"',
    "heddle subscriptions create audit --topic orders payments --from 7d --attempts 5 --delays '1s,1m,1h'",
  )
  remote(subscriptions.command('describe'))
    .description('Settings of a subscription, and how far it has come.')
    .argument('<name>')
    .action(async (name: string, options: object) =>
      (await load()).describeSubscription(name, options as never),
    )
  settingsOf(remote(subscriptions.command('alter')))
    .description('Change settings of a subscription while it is used.')
    .argument('<name>')
    .action(async (name: string, options: object) => (await load()).alterSubscription(name, options as never))
  for (const [verb, suspended, about] of [
    ['suspend', true, 'Give nothing out until it is resumed; nothing is lost.'],
    ['resume', false, 'Give out again.'],
  ] as const)
    remote(subscriptions.command(verb))
      .description(about)
      .argument('<name>')
      .action(async (name: string, options: object) =>
        (await load()).suspendSubscription(name, suspended, options as never),
      )
  examples(
    remote(subscriptions.command('seek'))
      .description('Move a subscription to another place of its topics.')
      .argument('<name>')
      .argument('<place>', "earliest, latest, a time, or how long ago: '2h'")
      .action(async (name: string, place: string, options: object) =>
        (await load()).seekSubscription(name, place, options as never),
      ),
    'heddle subscriptions seek mails 2026-11-24T06:00:00Z',
  )
  examples(
    remote(subscriptions.command('pull'))
      .description('Take events; those that are not acknowledged are given out again.')
      .argument('<name>')
      .option('--max <n>', 'most events', '1')
      .option('--wait <time>', 'how long to wait for the first one', '0ms')
      .option('--ack', 'acknowledge them when they are printed')
      .action(async (name: string, options: object) => (await load()).pullEvents(name, options as never)),
    'heddle subscriptions pull mails --max 10 --wait 30s --ack',
  )
  remote(subscriptions.command('delete'))
    .description('Delete a subscription; its dead letters stay.')
    .argument('<name>')
    .action(async (name: string, options: object) =>
      (await load()).deleteSubscription(name, options as never),
    )
}
