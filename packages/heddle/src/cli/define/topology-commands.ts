import type { Command } from 'commander'
import { examples, remote, upgrading } from './options.ts'

const load = () => import('../commands/topologies.ts')

const loadDeploy = () => import('../commands/deploy.ts')

/** `deploy` and `topologies …` */
export function topologyCommands(program: Command): void {
  examples(
    upgrading(remote(program.command('deploy')))
      .description(
        'Put the topologies of a file in the place of those that run: nothing is lost or done twice.',
      )
      .argument('<file>', 'topology file, in a folder that the host was started with')
      .option('--dry-run', 'only tell what would change')
      .action(async (file: string, options: object) => (await loadDeploy()).deploy(file, options as never)),
    'heddle deploy topologies/orders.ts --dry-run',
    'heddle deploy topologies/orders.ts --rename count=per-customer',
    'heddle deploy topologies/orders.ts --drop-state per-minute',
  )
  const topologies = program
    .command('topologies')
    .description('See and steer the topologies of a running host.')
  remote(topologies.command('list', { isDefault: true }))
    .description('All topologies that run.')
    .action(async (options: object) => (await load()).listTopologies(options as never))
  remote(topologies.command('describe'))
    .description('State, drawing and figures of a topology.')
    .argument('<name>')
    .action(async (name: string, options: object) => (await load()).describeTopology(name, options as never))
  remote(topologies.command('history'))
    .description('The last versions that ran: since when, by whom, and what was different.')
    .argument('<name>')
    .action(async (name: string, options: object) => (await loadDeploy()).history(name, options as never))
  remote(topologies.command('activate'))
    .description('Read on.')
    .argument('<name>')
    .action(async (name: string, options: object) =>
      (await load()).steer(name, 'activate', {}, options as never),
    )
  remote(topologies.command('deactivate'))
    .description('Stop reading; what is under way is finished.')
    .argument('<name>')
    .action(async (name: string, options: object) =>
      (await load()).steer(name, 'deactivate', {}, options as never),
    )
  examples(
    remote(topologies.command('rebalance'))
      .description('Change the number of tasks of components, or of threads, while it runs.')
      .argument('<name>')
      .argument('[component=tasks...]')
      .option('--threads <n>', 'threads that run it, each with its share of the partitions')
      .action(async (name: string, changes: string[], options: object) =>
        (await load()).rebalance(name, changes, options as never),
      ),
    'heddle topologies rebalance orders enrich=8 count=4',
    'heddle topologies rebalance orders --threads 4',
  )
  examples(
    remote(topologies.command('state'))
      .description('State of a component, as it was committed: key and value, a line each.')
      .argument('<name>')
      .argument('<component>')
      .option('--prefix <text>', 'only keys that begin with this')
      .option('--limit <n>', 'at most so many', '100')
      .action(async (name: string, component: string, options: object) =>
        (await load()).showState(name, component, options as never),
      ),
    `heddle topologies state orders count --prefix '"c1'`,
  )
  remote(topologies.command('kill'))
    .description('Stop a topology, after what is under way.')
    .argument('<name>')
    .option('--wait <time>', 'how long to wait for that', '30s')
    .option(
      '--purge',
      'delete its state, offsets and undelivered elements as well; what it has put out stays',
    )
    .action(async (name: string, options: object) => (await load()).killTopology(name, options as never))
}
