import { Command } from 'commander'
import { version } from '../version.ts'
import { bridgeCommands } from './define/bridge-commands.ts'
import { deadLetterCommands } from './define/dead-letter-commands.ts'
import { eventCommands } from './define/event-commands.ts'
import { fileCommands } from './define/file-commands.ts'
import { hostCommands } from './define/host-commands.ts'
import { scheduleCommands } from './define/schedule-commands.ts'
import { stormCommands } from './define/storm-commands.ts'
import { subscriptionCommands } from './define/subscription-commands.ts'
import { topicCommands } from './define/topic-commands.ts'
import { topologyCommands } from './define/topology-commands.ts'

/** All commands. What a command does is loaded when it is called. */
export function createProgram(): Command {
  const program = new Command('heddle')
    .description(
      'A messaging fabric between services: events in, typed topologies, events out; nothing lost.',
    )
    .version(version)
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(heddle --help shows how)')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      `
Begin:
  $ heddle init my-fabric && cd my-fabric && npm install
  $ npx heddle dev

Exit codes: 0 it worked, 1 it did not, 2 the command line or the configuration is wrong`,
    )

  hostCommands(program)
  fileCommands(program)
  eventCommands(program)
  topicCommands(program)
  subscriptionCommands(program)
  deadLetterCommands(program)
  scheduleCommands(program)
  topologyCommands(program)
  stormCommands(program)
  bridgeCommands(program)
  for (const command of program.commands) inherit(command, program)
  return program
}

/** The settings of the program, such as how it ends, are the commands' too. */
function inherit(command: Command, from: Command): void {
  command.copyInheritedSettings(from)
  for (const inner of command.commands) inherit(inner, command)
}
