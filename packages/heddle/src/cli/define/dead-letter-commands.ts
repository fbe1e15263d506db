import type { Command } from 'commander'
import { examples, remote } from './options.ts'

const load = () => import('../commands/dead-letters.ts')

const about = 'a subscription or topology, or the topic of its dead letters'

const meant = (command: Command): Command =>
  command
    .option('--filter <cel>', 'only those that it wants')
    .option('--id <id...>', 'only these: partition:offset, as list shows them')

/** `dlq …` */
export function deadLetterCommands(program: Command): void {
  const dlq = program.command('dlq').description('See dead letters, send them again, or drop them.')
  examples(
    remote(dlq.command('list', { isDefault: true }))
      .description('Dead letters that are open; without a name, where there are any.')
      .argument('[name]', about)
      .option('--filter <cel>', 'only those that it wants')
      .option('--all', 'also those that were sent again or dropped, and by whom')
      .option('--limit <n>', 'most of them', '100')
      .action(async (name: string | undefined, options: object) => {
        const commands = await load()
        await (name === undefined
          ? commands.listDeadLetterTopics(options as never)
          : commands.listDeadLetters(name, options as never))
      }),
    'heddle dlq list',
    `heddle dlq list mails --filter "event.extensions.dlcode == 'HEDDLE_DELIVERY_TIMEOUT'"`,
  )
  remote(dlq.command('show'))
    .description('All of one dead letter.')
    .argument('<name>', about)
    .argument('<id>', 'partition:offset')
    .action(async (name: string, id: string, options: object) =>
      (await load()).showDeadLetter(name, id, options as never),
    )
  examples(
    meant(remote(dlq.command('redrive')))
      .description(
        'Send dead letters again, to where they came from: none twice, however often it is called.',
      )
      .argument('<name>', about)
      .option('--to <topic>', 'send them there instead, for all who read it')
      .option('--dry-run', 'only tell what would be sent')
      .option('--rate <n>', 'most of them in a second')
      .action(async (name: string, options: object) =>
        (await load()).redriveDeadLetters(name, options as never),
      ),
    'heddle dlq redrive mails --dry-run',
    'heddle dlq redrive mails --rate 100',
  )
  meant(remote(dlq.command('drop')))
    .description('Drop dead letters: they are not listed or sent any more.')
    .argument('<name>', about)
    .action(async (name: string, options: object) => (await load()).dropDeadLetters(name, options as never))
}
