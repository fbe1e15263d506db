import { type Command, Option } from 'commander'
import { examples, json } from './options.ts'

/** `bridge activemq`: a fabric beside the broker that it replaces. */
export function bridgeCommands(program: Command): void {
  const bridge = program
    .command('bridge')
    .description('Mirror destinations between Heddle and another broker.')
  examples(
    json(bridge.command('activemq'))
      .description('Mirror queues and topics between ActiveMQ and Heddle over STOMP, until ^C.')
      .argument('<destinations...>', 'such as /queue/orders and /topic/prices')
      .addOption(
        new Option('--activemq <url>', 'its STOMP door: stomp://user:passcode@host:61613, or stomp+ssl://')
          .env('HEDDLE_BRIDGE_ACTIVEMQ')
          .makeOptionMandatory(),
      )
      .addOption(
        new Option('--heddle <url>', 'the STOMP door of a running host')
          .env('HEDDLE_BRIDGE_HEDDLE')
          .default('stomp://127.0.0.1:61613'),
      )
      .addOption(
        new Option('--direction <which>', 'which way')
          .choices(['both', 'to-heddle', 'to-activemq'])
          .default('both'),
      )
      .option('--name <name>', 'name of this bridge: letters, digits, dashes', 'bridge')
      .option('--until-empty', 'end when nothing waits at the source any more')
      .option('--forget', 'delete its durable subscriptions when it ends')
      .option('--report <seconds>', 'how often it says what has crossed', '10')
      .action(async (destinations: string[], options: object) =>
        (await import('../commands/bridge.ts')).bridgeActiveMq(destinations, options as never),
      ),
    'heddle bridge activemq /queue/orders /topic/prices --activemq stomp://mq.example:61613',
    'heddle bridge activemq /queue/orders --direction to-heddle --until-empty   # cut over',
    'heddle bridge activemq /queue/orders --direction to-activemq --until-empty # roll back',
  )
}
