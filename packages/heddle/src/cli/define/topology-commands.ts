import type { Command } from 'commander'
import { examples, remote } from './options.ts'

const load = () => import('../commands/topologies.ts')

/** `topologies …` */
export function topologyCommands(program: Command): void {
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
    .action(async (name: string, options: object) => (await load()).killTopology(name, options as never))
}
