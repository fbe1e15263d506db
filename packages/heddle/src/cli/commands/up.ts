import { resolve } from 'node:path'
import { loadConfig } from '../../config/load-config.ts'
import { startFabric } from '../../host/fabric.ts'
import { createLogger } from '../../host/logger.ts'
import { statusLine } from '../../host/status-line.ts'
import { configFlags } from '../define/options.ts'
import { print } from '../output.ts'
import { readyLine } from '../ready-line.ts'
import { showRestores } from '../show-restores.ts'
import { stopSignal, unlessStopped, untilStopped } from '../until-stopped.ts'

interface UpOptions extends Record<string, unknown> {
  readonly config?: string
  readonly json?: boolean
  readonly dropState?: readonly string[]
  readonly rename?: readonly string[]
}

/** `heddle up`: runs until SIGTERM or SIGINT; prints one line on stdout when it serves. */
export async function up(files: readonly string[], options: UpOptions): Promise<void> {
  const { json = false, dropState = [], rename = [] } = options
  const { config } = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: {
      ...configFlags(options),
      ...(json && options['logFormat'] === undefined && { 'logging.format': 'json' }),
      ...(files.length > 0 && { topologies: files.map((file) => resolve(file)) }),
    },
    ...(options.config !== undefined && { file: options.config }),
  })
  const logger = createLogger(config.logging)
  if (config.logging.format !== 'json') showRestores(statusLine)
  const stop = stopSignal()
  const starting = startFabric(config, { upgrade: { dropState, rename }, signal: stop }, logger)
  const fabric = await unlessStopped(stop, logger, starting)
  print(readyLine(fabric, json))
  await untilStopped(fabric, stop, logger)
}
