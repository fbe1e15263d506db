import { existsSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { systemClock } from '@heddle/core'
import { loadConfig } from '../../config/load-config.ts'
import { tree } from '../../draw/tree.ts'
import { foldersOf } from '../../host/deploy-file.ts'
import { startFabric } from '../../host/fabric.ts'
import { FileWatcher } from '../../host/file-watcher.ts'
import { type LiveReport, LiveTopologies } from '../../host/live-topologies.ts'
import { findTopologyFiles } from '../../host/load-topologies.ts'
import { createLogger } from '../../host/logger.ts'
import { configFlags } from '../define/options.ts'
import { print, printJson, style } from '../output.ts'
import { errorText } from '../print-error.ts'
import { readyLine } from '../ready-line.ts'
import { stopSignal, unlessStopped, untilStopped } from '../until-stopped.ts'
import { printDifference } from './deploy.ts'

interface DevOptions extends Record<string, unknown> {
  readonly config?: string
  readonly json?: boolean
}

/** `heddle dev`: as `up`, and topologies are loaded again when their files change. */
export async function dev(paths: readonly string[], options: DevOptions): Promise<void> {
  const { json = false } = options
  const { config } = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: {
      ...configFlags(options),
      ...(paths.length > 0 && { topologies: paths.map((path) => resolve(path)) }),
    },
    ...(options.config !== undefined && { file: options.config }),
  })
  const logger = createLogger(config.logging)
  const sources = config.topologies.length > 0 ? config.topologies : [defaultFolder()]
  const folders = sources.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory())

  const deployFrom = foldersOf(sources)
  const stop = stopSignal()
  const starting = startFabric({ ...config, topologies: [] }, { deployFrom, signal: stop }, logger)
  const fabric = await unlessStopped(stop, logger, starting)
  const live = new LiveTopologies(fabric.engine, config.drainMs, (report) => show(report, json))
  const watcher = new FileWatcher({
    clock: systemClock,
    async onChange(changed) {
      const found = findTopologyFiles(sources.filter((path) => existsSync(path)))
      for (const path of live.paths()) if (!existsSync(path)) await live.remove(path)
      const added = found.filter((path) => !live.paths().includes(path))
      for (const path of new Set([...live.madeOf(changed), ...added])) await live.load(path)
      watcher.watch(live.files(), folders)
    },
  })
  for (const path of findTopologyFiles(sources)) await live.load(path)
  watcher.watch(live.files(), folders)

  const topologies = await fabric.engine.list()
  print(readyLine({ ...fabric, topologies }, json))
  if (!json && topologies.length === 0)
    print(
      style(
        'dim',
        `no topologies yet: write one into ${relative(process.cwd(), sources[0]!) || 'this folder'}`,
      ),
    )
  await untilStopped(
    {
      config,
      async close() {
        await watcher.close()
        await fabric.close()
      },
    },
    stop,
    logger,
  )
}

const defaultFolder = (): string => (existsSync('topologies') ? resolve('topologies') : process.cwd())

function show(report: LiveReport, json: boolean): void {
  const path = relative(process.cwd(), report.path)
  switch (report.what) {
    case 'started':
    case 'reloaded':
      if (json)
        return printJson({
          ...report,
          topologies: report.topologies.map(({ name }) => name),
          changes: Object.fromEntries(report.changes),
        })
      print(`${style('green', report.what.padEnd(8))}  ${path}`)
      for (const { plan, name } of report.topologies) {
        process.stdout.write(
          tree(plan, { width: (process.stdout.columns || 120) - 2 }).replaceAll(/^(?=.)/gm, '  '),
        )
        if (report.what === 'reloaded') printDifference(report.changes.get(name))
      }
      return
    case 'removed':
      if (json) return printJson(report)
      return print(`${style('yellow', 'removed ')}  ${path}`)
    case 'failed':
      if (json) return printJson({ ...report, error: errorText(report.error) })
      return print(
        `${style('red', 'failed  ')}  ${path}: what ran before goes on\n${errorText(report.error)}`,
      )
  }
}
