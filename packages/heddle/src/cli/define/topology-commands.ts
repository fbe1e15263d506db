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
      .description('Change the number of tasks of components while it runs.')
      .argument('<name>')
      .argument('<component=tasks...>')
      .action(async (name: string, changes: string[], options: object) =>
        (await load()).rebalance(name, changes, options as never),
      ),
    'heddle topologies rebalance orders enrich=8 count=4',
  )
  remote(topologies.command('kill'))
    .description('Stop a topology, after what is under way.')
    .argument('<name>')
    .option('--wait <time>', 'how long to wait for that', '30s')
    .action(async (name: string, options: object) => (await load()).killTopology(name, options as never))
}
