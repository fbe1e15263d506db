import { type Command, Option } from 'commander'
import { examples, filtered, json } from './options.ts'

/** `init`, `check`, `test`, `yaml-schema`, `graph`: what only looks at files, or makes them. */
export function fileCommands(program: Command): void {
  examples(
    json(program.command('init'))
      .description('Make a small project that works.')
      .argument('[folder]', 'where to make it')
      .option('--yes', 'ask nothing')
      .action(async (folder: string | undefined, options: object) =>
        (await import('../commands/init.ts')).init(folder, options),
      ),
    'heddle init my-fabric',
  )
  examples(
    filtered(json(program.command('check')))
      .description('Build the plans of topology files, and print every mistake and its place.')
      .argument('<files...>', 'topology files, or folders of them')
      .action(async (files: string[], options: object) =>
        (await import('../commands/check.ts')).check(files, options),
      ),
    'heddle check topologies',
  )
  examples(
    json(program.command('test'))
      .description('Run the tests that stand in YAML topologies, in memory and in virtual time.')
      .argument('<files...>', 'topology files, or folders of them')
      .action(async (files: string[], options: object) =>
        (await import('../commands/test.ts')).test(files, options),
      ),
    'heddle test routes.yaml',
    'heddle test topologies',
  )
  examples(
    program
      .command('yaml-schema')
      .description('Print the JSON Schema of YAML topologies, for editors.')
      .action(async () => (await import('../commands/yaml-schema.ts')).yamlSchema()),
    'heddle yaml-schema > topology.schema.json',
  )
  examples(
    filtered(json(program.command('graph')))
      .description('Draw a topology.')
      .argument('<file>', 'topology file')
      .addOption(new Option('--format <format>', 'how').choices(['ascii', 'mermaid']).default('ascii'))
      .action(async (file: string, options: object) =>
        (await import('../commands/graph.ts')).graph(file, options as never),
      ),
    'heddle graph topologies/orders.ts',
    'heddle graph --format mermaid topologies/orders.ts > orders.mmd',
  )
}
