import { type Command, Option } from 'commander'
import { settings } from '../../config/settings.ts'
import { examples, filtered, json } from './options.ts'

const load = () => import('../commands/storm.ts')

/** `--engine`, and the log that topologies use. */
const cluster = (command: Command): Command => {
  const { flag = '', about } = settings.find(({ key }) => key === 'log')!
  return json(command)
    .addOption(
      new Option('--engine <url>', 'the cluster: storm://nimbus:6627, or several Nimbus with commas')
        .env('HEDDLE_ENGINE')
        .makeOptionMandatory(),
    )
    .option(flag, about)
    .option('--config <file>', 'configuration file (default: heddle.config.{ts,js,json,yaml} here)')
}

/** `submit`, and `storm …`: topologies on a cluster of Apache Storm. */
export function stormCommands(program: Command): void {
  examples(
    filtered(cluster(program.command('submit')))
      .description('Run the topologies of a file on a cluster of Apache Storm.')
      .argument('<file>', 'topology file')
      .option('--replace', 'take the place of the version that runs, with its offsets and state')
      .option('--workers <n>', 'workers (JVMs) that the tasks are spread over (default: 1)')
      .option(
        '--node <command>',
        'the command for Node on the machines of the cluster, or bundled, which takes this one along (default: node)',
      )
      .option('--jar <file...>', 'jars for the class path of the workers, for components in Java')
      .option('--conf <name=value...>', "Storm's own configuration for the topology")
      .action(async (file: string, options: object) => (await load()).submit(file, options as never)),
    'heddle submit github.ts --engine storm://nimbus:6627 --log kafka://broker:9092',
    'heddle submit word-count.yaml --filter prod.properties --jar target/count.jar --engine storm://nimbus:6627',
    'heddle submit github.ts --engine storm://nimbus:6627 --conf topology.worker.childopts=-Xmx1g',
  )
  const storm = program
    .command('storm')
    .description('See and steer the topologies of a cluster of Apache Storm.')
  cluster(storm.command('list', { isDefault: true }))
    .description('All topologies of ours that run there.')
    .action(async (options: object) => (await load()).list(options as never))
  cluster(storm.command('describe'))
    .description('State, drawing and figures of a topology; they count batches.')
    .argument('<name>')
    .action(async (name: string, options: object) => (await load()).describe(name, options as never))
  cluster(storm.command('component'))
    .description('The figures of a component, by window, stream and task; they count batches.')
    .argument('<name>')
    .argument('<component>')
    .action(async (name: string, id: string, options: object) =>
      (await load()).component(name, id, options as never),
    )
  cluster(storm.command('logs'))
    .description('What the components of a topology have printed and reported, of the last day.')
    .argument('<name>')
    .option('--lines <n>', 'how many of its last lines are looked at', '100')
    .option('--component <id>', 'only those of this component')
    .option('--follow', 'go on with what comes, until ^C')
    .action(async (name: string, options: object) => (await load()).logs(name, options as never))
  examples(
    cluster(storm.command('rebalance'))
      .description('Spread the tasks of a topology over other executors and workers, while it runs.')
      .argument('<name>')
      .argument('[component=executors...]', 'threads of a component, at most as many as it has tasks')
      .option('--workers <n>', 'workers (JVMs) that the tasks are spread over')
      .action(async (name: string, changes: string[], options: object) =>
        (await load()).rebalance(name, changes, options as never),
      ),
    'heddle storm rebalance orders enrich=2 --workers 3',
  )
  cluster(storm.command('activate'))
    .description('Read on.')
    .argument('<name>')
    .action(async (name: string, options: object) => (await load()).steer(name, 'activate', options as never))
  cluster(storm.command('deactivate'))
    .description('Stop reading; what is under way is finished.')
    .argument('<name>')
    .action(async (name: string, options: object) =>
      (await load()).steer(name, 'deactivate', options as never),
    )
  cluster(storm.command('kill'))
    .description('Stop a topology, after what is under way.')
    .argument('<name>')
    .option('--wait <time>', 'how long to wait for that', '30s')
    .action(async (name: string, options: object) => (await load()).kill(name, options as never))
}
