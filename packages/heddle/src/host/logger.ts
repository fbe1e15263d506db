import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { type Logger as PinoLogger, pino } from 'pino'
import type { HeddleConfig } from '../config/config.ts'
import { statusLine } from './status-line.ts'

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>

/** The log of the host, on stderr: JSON lines, or text for people. */
export function createLogger({ level, format }: HeddleConfig['logging']): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && process.stderr.isTTY)
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  // Written at once: the last line before a crash is the one that matters.
  return pretty ? pino(options, prettyStream()) : pino(options, pino.destination({ dest: 2, sync: true }))
}

const levels: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'error',
  60: 'fatal',
}
const colours = { 20: 'dim', 30: 'cyan', 40: 'yellow', 50: 'red', 60: 'red' } as const

/** Turns pino's JSON lines into `12:30:01 info  message  key=value …`. */
function prettyStream(): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') statusLine.write(prettyLine(line))
      done()
    },
  })
}

/** One line of pino as text. */
export function prettyLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as {
    level: number
    time: string
    msg?: string
    err?: { stack?: string; message?: string }
  } & Record<string, unknown>
  const colour = colours[level as keyof typeof colours] ?? 'dim'
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const word = styleText(colour, levels[level] ?? String(level), { stream: process.stderr })
  const head = [time.slice(11, 19), word, msg ?? '', ...facts].filter((part) => part !== '').join(' ')
  return err === undefined ? head : `${head}\n  ${err.stack ?? err.message}`
}
