import type { Command } from 'commander'
import { examples, remote } from './options.ts'

const load = () => import('../commands/schedules.ts')

/** `schedules …` */
export function scheduleCommands(program: Command): void {
  const schedules = program
    .command('schedules')
    .description('See events that are sent later, cancel them, or send them at another time.')
  examples(
    remote(schedules.command('list', { isDefault: true }))
      .description('Schedules that wait, those that are due first before the others.')
      .option('--topic <topic>', 'only those that are sent there')
      .option('--limit <n>', 'most of them', '100')
      .action(async (options: object) => (await load()).listSchedules(options as never)),
    `heddle publish reminders '{"text":"tea"}' --after 10m`,
    'heddle schedules list --topic reminders',
  )
  remote(schedules.command('count'))
    .description('How many schedules wait.')
    .action(async (options: object) => (await load()).countSchedules(options as never))
  remote(schedules.command('show'))
    .description('All of one schedule, with its event.')
    .argument('<id>')
    .action(async (id: string, options: object) => (await load()).showSchedule(id, options as never))
  examples(
    remote(schedules.command('cancel'))
      .description('Cancel schedules: when this ends with 0 their events are not sent any more.')
      .argument('<id...>')
      .action(async (ids: string[], options: object) =>
        (await load()).cancelSchedules(ids, options as never),
      ),
    'heddle schedules cancel tea',
  )
  examples(
    remote(schedules.command('move'))
      .description('Send an event at another time; what repeats goes on from there.')
      .argument('<id>')
      .option('--at <time>', 'a time, as 2027-01-01T09:00:00+01:00')
      .option('--after <duration>', 'how long from now, as 10m')
      .action(async (id: string, options: object) => (await load()).moveSchedule(id, options as never)),
    'heddle schedules move tea --after 5m',
  )
}
