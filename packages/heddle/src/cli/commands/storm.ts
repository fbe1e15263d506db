import { resolve } from 'node:path'
import { type Duration, HeddleError, milliseconds } from '@heddle/core'
import type { StormEngine } from '@heddle/engine/storm'
import { loadConfig } from '../../config/load-config.ts'
import { loadTopologyFile } from '../../host/load-topologies.ts'
import { openStorm } from '../../host/storm/open-storm.ts'
import { numbersOf, wholeNumber } from '../numbers.ts'
import { print, printJson } from '../output.ts'
import { showComponent } from '../show-component.ts'
import { showTopologies, showTopology } from '../show-storm.ts'

/** Which cluster, and the log of its topologies. */
export interface StormCommandOptions {
  readonly engine: string
  readonly log?: string
  readonly config?: string
  readonly json?: boolean
}

interface SubmitOptions extends StormCommandOptions {
  readonly replace?: boolean
  readonly workers?: string
  readonly node?: string
  readonly jar?: readonly string[]
  readonly conf?: readonly string[]
}

/** Runs a command on the cluster's engine, and lets go of all. */
async function on(options: SubmitOptions, use: (engine: StormEngine) => Promise<void>): Promise<void> {
  const { engine: url, log, config: file, workers, node, jar = [], conf = [] } = options
  const { config } = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: { log },
    ...(file !== undefined && { file }),
  })
  const storm = await openStorm(config, {
    url,
    conf: settingsOf(conf),
    jars: jar.map((path) => resolve(path)),
    ...(workers !== undefined && { workers: wholeNumber('workers', workers) }),
    ...(node !== undefined && { node }),
  })
  try {
    await use(storm.engine)
  } finally {
    await storm.close()
  }
}

/** `heddle submit FILE --engine storm://…` */
export const submit = (file: string, options: SubmitOptions): Promise<void> =>
  on(options, async (engine) => {
    const { topologies } = await loadTopologyFile(resolve(file))
    for (const topology of topologies) {
      const status = options.replace ? (await engine.deploy(topology)).status! : await engine.submit(topology)
      if (options.json) printJson(status)
      else print(`${status.name} is ${status.state} on Storm, with ${status.tasks} tasks`)
    }
  })

/** `heddle storm list` */
export const list = (options: StormCommandOptions): Promise<void> =>
  on(options, async (engine) => showTopologies(await engine.list(), options))

/** `heddle storm describe` */
export const describe = (name: string, options: StormCommandOptions): Promise<void> =>
  on(options, async (engine) => showTopology(await engine.describe(name), options))

/** `heddle storm component` */
export const component = (name: string, id: string, options: StormCommandOptions): Promise<void> =>
  on(options, async (engine) => showComponent(await engine.component(name, id), options))

/** `heddle storm logs` */
export const logs = (
  name: string,
  options: StormCommandOptions & {
    readonly lines: string
    readonly component?: string
    readonly follow?: boolean
  },
): Promise<void> =>
  on(options, async (engine) => {
    const { component, follow = false, json = false } = options
    const over = new AbortController()
    process.once('SIGINT', () => over.abort())
    const found = engine.logs(name, {
      lines: wholeNumber('lines', options.lines),
      follow,
      signal: over.signal,
      ...(component !== undefined && { component }),
    })
    for await (const line of found) {
      if (json) printJson(line)
      else
        print(`${new Date(line.at).toISOString()} ${line.component}/${line.task} ${line.level} ${line.line}`)
    }
  })

/** `heddle storm rebalance NAME COMPONENT=EXECUTORS… --workers N` */
export const rebalance = (
  name: string,
  changes: readonly string[],
  { workers, ...options }: SubmitOptions,
): Promise<void> =>
  on(options, async (engine) => {
    const executors = numbersOf('COMPONENT=EXECUTORS', changes)
    await engine.rebalance(
      name,
      executors,
      workers === undefined ? {} : { workers: wholeNumber('workers', workers) },
    )
    const { state } = await engine.describe(name)
    if (options.json) printJson({ name, state })
    else print(`${name} is ${state}`)
  })

/** `heddle storm activate`, `deactivate` */
export const steer = (
  name: string,
  verb: 'activate' | 'deactivate',
  options: StormCommandOptions,
): Promise<void> =>
  on(options, async (engine) => {
    await engine[verb](name)
    const { state } = await engine.describe(name)
    if (options.json) printJson({ name, state })
    else print(`${name} is ${state}`)
  })

/** `heddle storm kill` */
export const kill = (
  name: string,
  options: StormCommandOptions & { readonly wait: Duration },
): Promise<void> =>
  on(options, async (engine) => {
    await engine.kill(name, { waitMs: milliseconds(options.wait) })
    if (options.json) printJson({ killed: name })
    else print(`${name} has stopped`)
  })

/** `NAME=VALUE…`, with values in JSON or else as text. */
function settingsOf(conf: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    conf.map((setting) => {
      const at = setting.indexOf('=')
      if (at < 1) throw new HeddleError('HEDDLE_CONFIG_INVALID', `'${setting}' must be NAME=VALUE`)
      return [setting.slice(0, at), valueOf(setting.slice(at + 1))]
    }),
  )
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
