import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HeddleError, didYouMean, errorMessage } from '@heddle/core'
import type { z } from 'zod'
import type { HeddleConfig, HeddleConfigInput } from './config.ts'
import { type Setting, settings } from './settings.ts'

/** Names that are looked for in the working folder, in this order. */
const configFiles = [
  'heddle.config.ts',
  'heddle.config.mts',
  'heddle.config.js',
  'heddle.config.mjs',
  'heddle.config.json',
  'heddle.config.yaml',
  'heddle.config.yml',
]

export interface ConfigSources {
  /** Folder in which the file is looked for, and in which relative paths of flags and variables start. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Values of flags, by the key of their setting; those that are `undefined` are not set. */
  readonly flags?: Readonly<Record<string, unknown>>
  /** A certain file instead of looking for one. */
  readonly file?: string
}

export interface LoadedConfig {
  readonly config: HeddleConfig
  /** Where the value of each setting came from: `default`, the file, `HEDDLE_…` or the flag. */
  readonly origins: Readonly<Record<string, string>>
  readonly file: string | undefined
}

/**
 * Reads the configuration: flags before environment variables, before the file, before the defaults.
 * @throws HEDDLE_CONFIG_INVALID naming each setting that is wrong and where it came from.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { cwd, env, flags = {} } = sources
  const file = sources.file === undefined ? findFile(cwd) : resolve(cwd, sources.file)
  const fromFile = file === undefined ? {} : await readConfigFile(file)

  const merged: Record<string, unknown> = structuredClone(fromFile)
  const origins: Record<string, string> = {}
  for (const setting of settings) {
    const variable = env[setting.env]
    const flag = flags[setting.key]
    if (flag !== undefined) {
      set(merged, setting.key, typeof flag === 'string' ? read(setting, flag, `flag ${name(setting)}`) : flag)
      origins[setting.key] = setting.flag === undefined ? 'argument' : name(setting)
    } else if (variable !== undefined && variable !== '') {
      set(merged, setting.key, read(setting, variable, setting.env))
      origins[setting.key] = setting.env
    } else if (get(merged, setting.key) === undefined) {
      set(merged, setting.key, setting.default)
      origins[setting.key] = 'default'
    } else origins[setting.key] = file!
  }

  const folder = (key: string): string => (origins[key] === file ? dirname(file!) : cwd)
  const config = await check(merged, { env, folder, origins, file })
  return { config, origins, file }
}

/**
 * Checks a configuration that is given as an object, and fills in the defaults.
 * @throws HEDDLE_CONFIG_INVALID naming each setting that is wrong.
 */
export async function checkConfig(input: HeddleConfigInput, cwd: string): Promise<HeddleConfig> {
  const merged = structuredClone(input) as Record<string, unknown>
  for (const setting of settings)
    if (get(merged, setting.key) === undefined) set(merged, setting.key, setting.default)
  return check(merged, { env: process.env, folder: () => cwd, origins: {}, file: undefined })
}

interface Origin {
  readonly env: NodeJS.ProcessEnv
  /** Where the relative paths of a setting start. */
  readonly folder: (key: string) => string
  readonly origins: Readonly<Record<string, string>>
  readonly file: string | undefined
}

async function check(merged: Record<string, unknown>, origin: Origin): Promise<HeddleConfig> {
  const [{ configSchema }, zod] = await Promise.all([import('./schema.ts'), import('zod')])
  const parsed = configSchema(origin.env, origin.folder).safeParse(merged)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  throw new HeddleError(
    'HEDDLE_CONFIG_INVALID',
    issues.flatMap((issue) => mistakes(issue, merged, origin)).join('; '),
    { info: { keys: issues.map((issue) => zod.core.toDotPath(issue.path)) } },
  )
}

const name = (setting: Setting): string => setting.flag?.split(' ')[0] ?? setting.key

const findFile = (cwd: string): string | undefined =>
  configFiles.map((candidate) => join(cwd, candidate)).find((path) => existsSync(path))

async function readConfigFile(file: string): Promise<Record<string, unknown>> {
  try {
    const content = await parseFile(file)
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>
    throw new Error('it does not hold an object (a .ts or .js file exports it as default)')
  } catch (error) {
    throw new HeddleError('HEDDLE_CONFIG_INVALID', `${file} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

async function parseFile(file: string): Promise<unknown> {
  switch (extname(file)) {
    case '.json':
      return JSON.parse(await readFile(file, 'utf8'))
    case '.yaml':
    case '.yml':
      return (await import('yaml')).parse(await readFile(file, 'utf8'))
    default:
      return ((await import(pathToFileURL(file).href)) as { default?: unknown }).default
  }
}

/** The value that the text of a flag or a variable means. */
function read(setting: Setting, text: string, origin: string): unknown {
  switch (setting.form) {
    case 'text':
      return text
    case 'number':
      return text.trim() === '' ? text : Number.isNaN(Number(text)) ? text : Number(text)
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    case 'json':
      try {
        return JSON.parse(text)
      } catch (error) {
        throw new HeddleError('HEDDLE_CONFIG_INVALID', `${origin} must be JSON: ${errorMessage(error)}`)
      }
  }
}

function get(object: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], object)
}

function set(object: Record<string, unknown>, key: string, value: unknown): void {
  const parts = key.split('.')
  const last = parts.pop()!
  let at = object
  for (const part of parts) {
    const inner = at[part]
    // Something else than an object is left for the schema to complain of.
    if (inner !== undefined && (typeof inner !== 'object' || inner === null)) return
    at = (at[part] ??= {}) as Record<string, unknown>
  }
  at[last] = value
}

/** The sentences for one mistake that the schema found. */
function mistakes(issue: z.core.$ZodIssue, merged: unknown, { origins, file }: Origin): string[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const full = path === '' ? key : `${path}.${key}`
      const near = didYouMean(
        full,
        settings.map((setting) => setting.key),
      )
      return `there is no setting ${full}${file === undefined ? '' : ` in ${file}`}${near}`
    })
  const key = settings.find((setting) => path === setting.key || path.startsWith(`${setting.key}.`))
  const origin = key === undefined ? file : origins[key.key]
  const value = key?.secret === true ? undefined : get(merged, path)
  const is = value === undefined ? '' : `, and is ${JSON.stringify(value)}`
  return [`${path}: ${issue.message}${is}${origin === undefined ? '' : ` (from ${origin})`}`]
}
