import { resolve } from 'node:path'
import process from 'node:process'
import { type Command, Option } from 'commander'
import { settings } from '../../config/settings.ts'
import { filterVariable } from '../../flux/filter-variable.ts'

const defaultUrl = 'http://127.0.0.1:4333'

/** Adds command lines that show how it is used. */
export const examples = (command: Command, ...lines: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)

/** `--json` */
export const json = (command: Command): Command => command.option('--json', 'print JSON, for programs')

/** `--url`, and `--json`: for commands that talk to a running host. */
export const remote = (command: Command): Command =>
  json(command).addOption(
    new Option('--url <url>', 'address of a running host').env('HEDDLE_URL').default(defaultUrl),
  )

/** `--drop-state` and `--rename`: what a new version may do to the one before. */
export const upgrading = (command: Command): Command =>
  command
    .option(
      '--drop-state <component...>',
      'components whose state may be dropped: COMPONENT, or TOPOLOGY/COMPONENT',
    )
    .option('--rename <old=new...>', 'components that are called otherwise now, and keep their state')

/** `--filter`: for commands that read topology files, Flux files among them. */
export const filtered = (command: Command): Command =>
  command
    .addOption(
      new Option('--filter <file>', 'properties file with the values for ${…} in Flux files').env(
        filterVariable,
      ),
    )
    .hook('preAction', (_, called) => {
      const { filter } = called.opts<{ filter?: string }>()
      if (filter !== undefined) process.env[filterVariable] = resolve(filter)
    })

/** The flags of the settings, and where else settings come from. */
export function configured(command: Command): Command {
  command.option('--config <file>', 'configuration file (default: heddle.config.{ts,js,json,yaml} here)')
  for (const { flag, about } of settings) if (flag !== undefined) command.option(flag, about)
  return json(command)
}

/** The options that `configured` adds, by the keys of their settings. */
export function configFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    settings.flatMap(({ key, flag }) => {
      if (flag === undefined) return []
      const name = new Option(flag).attributeName()
      return options[name] === undefined ? [] : [[key, options[name]]]
    }),
  )
}
