import { constants } from 'node:fs'
import { access, mkdir, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { errorMessage, isHeddleError } from '@heddle/core'
import type { HeddleConfig } from '../../config/config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { settings } from '../../config/settings.ts'
import { findTopologyFiles, loadTopologyFile } from '../../host/load-topologies.ts'
import { version } from '../../version.ts'
import { configFlags } from '../define/options.ts'
import { exitCodes } from '../exit-codes.ts'
import { print, printJson, printTable, style } from '../output.ts'

interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly detail: string
}

/** `heddle doctor`: the configuration and its origins, and whether what it names can be used. Starts nothing. */
export async function doctor(
  options: Record<string, unknown> & { config?: string; json?: boolean },
): Promise<void> {
  const loaded = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: configFlags(options),
    ...(options.config !== undefined && { file: options.config }),
  })
  const { config, origins, file } = loaded
  const values = settings.map(({ key, secret }) => ({
    key,
    value: secret === true ? masked(valueOf(config, key)) : withoutPassword(valueOf(config, key)),
    origin: origins[key]!,
  }))
  const findings = await examine(config)
  if (findings.some((finding) => !finding.ok)) process.exitCode = exitCodes.failure
  if (options.json)
    return printJson({ version, node: process.version, file: file ?? null, settings: values, findings })

  print(`heddle ${version}, Node ${process.version}, configuration file ${file ?? 'none'}\n`)
  printTable(
    ['SETTING', 'VALUE', 'FROM'],
    values.map(({ key, value, origin }) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
      origin,
    ]),
  )
  print()
  for (const { what, ok, detail } of findings)
    print(
      `${ok ? style('green', 'ok   ') : style('red', 'wrong')} ${what}${detail === '' ? '' : `: ${detail}`}`,
    )
}

/** The checked value of a setting; those with a unit have another name once they are checked. */
function valueOf(config: HeddleConfig, key: string): unknown {
  switch (key) {
    case 'http.maxBody':
      return config.http.maxBodyBytes
    case 'drain':
      return config.drainMs
    case 'threads.memory':
      return config.threads.memoryBytes
    case 'threads.hangTimeout':
      return config.threads.hangTimeoutMs
    case 'gateway.publishTimeout':
      return config.gateway.publishTimeoutMs
    case 'gateway.buffer.path':
      return config.gateway.buffer?.path ?? 'none'
    case 'gateway.buffer.maxBytes':
      return config.gateway.buffer?.maxBytes ?? 'none'
    case 'gateway.buffer.maxAge':
      return config.gateway.buffer?.maxAgeMs ?? 'none'
    case 'stomp.users':
      // Logins, without their passcodes.
      return Object.fromEntries(Object.keys(config.stomp?.users ?? {}).map((login) => [login, '(set)']))
    default:
      // Of what is off, nothing else is kept either.
      return (
        key
          .split('.')
          .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], config) ??
        'none'
      )
  }
}

const masked = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, inner: unknown) => (name === 'secret' ? '(set)' : inner)))

/** The password of an address is not shown. */
const withoutPassword = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1:***@') : value

async function examine(config: HeddleConfig): Promise<Finding[]> {
  const findings = [
    await attempt(`data folder ${config.data}`, () => examineFolder(config.data)),
    await attempt(`address ${config.http.host}:${config.http.port}`, () => examineAddress(config.http)),
  ]
  try {
    for (const path of findTopologyFiles(config.topologies))
      findings.push(
        await attempt(`topology file ${path}`, async () =>
          (await loadTopologyFile(path)).topologies.map((topology) => topology.name).join(', '),
        ),
      )
  } catch (error) {
    findings.push({ what: 'topologies', ok: false, detail: errorMessage(error) })
  }
  return findings
}

async function attempt(what: string, examine: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await examine() }
  } catch (error) {
    return {
      what,
      ok: false,
      detail: isHeddleError(error) ? `${error.message}. ${error.todo}` : errorMessage(error),
    }
  }
}

async function examineFolder(path: string): Promise<string> {
  // The nearest folder that is there tells whether the rest can be made.
  let at = path
  for (;;) {
    const there = await access(at, constants.F_OK).then(
      () => true,
      () => false,
    )
    if (there || dirname(at) === at) break
    at = dirname(at)
  }
  await access(at, constants.W_OK)
  if (at === path) await mkdir(path, { recursive: true }) // throws when it is a file
  const { bavail, bsize } = await statfs(at)
  return `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GB free${at === path ? '' : ', it will be made'}`
}

async function examineAddress({ host, port }: HeddleConfig['http']): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  await new Promise((resolve) => server.close(resolve))
  return 'free'
}
