import type { Command } from 'commander'
import { examples, remote } from './options.ts'

const load = () => import('../commands/topics.ts')

const settingsOf = (command: Command): Command =>
  command
    .option('--partitions <n>', 'how many partitions (they can only grow)')
    .option('--retention <time>', "how long records are kept, as '7d'")
    .option('--retention-bytes <size>', "how much of each partition is kept, as '10gb'")

/** `topics …` */
export function topicCommands(program: Command): void {
  const topics = program
    .command('topics')
    .description('List, make, change and delete topics of a running host.')
  remote(topics.command('list', { isDefault: true }))
    .description('All topics.')
    .action(async (options: object) => (await load()).listTopics(options as never))
  examples(
    settingsOf(remote(topics.command('create')))
      .description('Make a topic.')
      .argument('<topic>')
      .option('--compaction', 'keep only the last record of each key')
      .option('--durability <mode>', 'fsync, or os: faster, and a power cut can lose the last moments')
      .action(async (topic: string, options: object) => (await load()).createTopic(topic, options as never)),
    'heddle topics create orders --partitions 8 --retention 7d',
  )
  remote(topics.command('describe'))
    .description('Settings and partitions of a topic.')
    .argument('<topic>')
    .action(async (topic: string, options: object) => (await load()).describeTopic(topic, options as never))
  settingsOf(remote(topics.command('alter')))
    .description('Change settings of a topic.')
    .argument('<topic>')
    .action(async (topic: string, options: object) => (await load()).alterTopic(topic, options as never))
  remote(topics.command('delete'))
    .description('Delete a topic with its records.')
    .argument('<topic>')
    .option('--yes', 'do not ask')
    .action(async (topic: string, options: object) => (await load()).deleteTopic(topic, options as never))
}
