import type { Command } from 'commander'
import { examples, remote } from './options.ts'

/** `publish`, `tail`: events in and out. */
export function eventCommands(program: Command): void {
  examples(
    remote(program.command('publish'))
      .description('Publish events; each is on disk when this ends with 0.')
      .argument('<topic>')
      .argument('[data]', 'data of one event: JSON, or any text (default: events from stdin)')
      .option('--type <type>', 'type of the event', 'heddle.cli')
      .option('--source <source>', 'source of the event', '/cli')
      .option('--id <id>', 'id of the event; the same one again is dropped (default: a random one)')
      .option('--subject <subject>', 'subject of the event')
      .option('--key <key>', 'partition key: events of one key stay in order')
      .option('--at <time>', 'send it then: 2027-01-01T09:00:00+01:00')
      .option('--after <duration>', 'send it so long from now: 10m')
      .option('--every <duration>', 'send it again and again')
      .option('--cron <cron>', "send it at these times: '0 9 * * MON-FRI'")
      .option('--zone <zone>', 'time zone of --cron', 'UTC')
      .option('--times <n>', 'how often, with --every or --cron (default: without end)')
      .option('--schedule <id>', 'id of the schedule (default: one is given)')
      .option('--events', 'each line of stdin is a CloudEvent as JSON, not only its data')
      .action(async (topic: string, data: string | undefined, options: object) =>
        (await import('../commands/publish.ts')).publish(topic, data, options as never),
      ),
    `heddle publish orders '{"total":12}' --type order.placed --key customer-7`,
    `heddle publish reminders '{"text":"tea"}' --after 10m`,
    'cat orders.ndjson | heddle publish orders --type order.placed',
    'heddle tail orders --from earliest --no-follow --json | heddle publish copy --events',
  )
  examples(
    remote(program.command('tail'))
      .description('Show the events of a topic as they come.')
      .argument('<topic>')
      .option('--from <where>', 'earliest, latest, or a time', 'latest')
      .option('--no-follow', 'end at the end of the topic')
      .option('--filter <cel>', 'only events for which this CEL expression is true')
      .option('--limit <n>', 'end after so many events')
      .action(async (topic: string, options: object) =>
        (await import('../commands/tail.ts')).tail(topic, options as never),
      ),
    'heddle tail orders',
    `heddle tail orders --from earliest --filter "event.data.total > 100"`,
  )
}
