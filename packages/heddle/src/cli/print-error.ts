import { styleText } from 'node:util'
import { errorMessage, isHeddleError } from '@heddle/core'

/** Prints an error to stderr: its code, what happened, and what to do; as JSON when that was asked for. */
export function printError(error: unknown, json = false): void {
  if (json) {
    const text = isHeddleError(error)
      ? { code: error.code, message: error.message, todo: error.todo, info: error.info }
      : { message: errorMessage(error) }
    process.stderr.write(`${JSON.stringify({ error: text })}\n`)
    return
  }
  process.stderr.write(`${errorText(error)}\n`)
}

/** An error for people. One that nobody foresaw comes with its stack, for the report. */
export function errorText(error: unknown): string {
  if (!isHeddleError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return `${red('error')} ${text}`
  }
  return `${red(error.code)} ${error.message}\n  ${error.todo}`
}

const red = (text: string): string => styleText('red', text, { stream: process.stderr })
