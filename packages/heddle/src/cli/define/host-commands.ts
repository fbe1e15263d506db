import type { Command } from 'commander'
import { configured, examples, filtered, upgrading } from './options.ts'

/** `up`, `dev`, `doctor`: what runs here. */
export function hostCommands(program: Command): void {
  examples(
    filtered(upgrading(configured(program.command('up'))))
      .description('Run the fabric: log, gateway, and the topologies of the files given.')
      .argument('[topologies...]', 'topology files, or folders of them')
      .action(async (files: string[], options: object) =>
        (await import('../commands/up.ts')).up(files, options as never),
      ),
    'heddle up --data ./data --http 8080 topologies/orders.ts',
    'heddle up --json            # the ready line as JSON, and logs as JSON on stderr',
    'heddle up topologies --drop-state orders/per-minute',
  )
  examples(
    filtered(configured(program.command('dev')))
      .description('Run the fabric with the topologies of this folder, and reload those that change.')
      .argument(
        '[topologies...]',
        'topology files, or folders of them (default: ./topologies, or this folder)',
      )
      .action(async (files: string[], options: object) =>
        (await import('../commands/dev.ts')).dev(files, options as never),
      ),
    'heddle dev',
    'heddle dev --data .heddle-try src/topologies',
  )
  examples(
    configured(program.command('doctor'))
      .description('Show the configuration, where each value comes from, and whether the fabric could start.')
      .action(async (options: object) => (await import('../commands/doctor.ts')).doctor(options as never)),
    'heddle doctor',
  )
}
