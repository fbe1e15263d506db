import { CommanderError } from 'commander'
import { exitCodes, exitCodeOf } from './exit-codes.ts'
import { printError } from './print-error.ts'
import { createProgram } from './program.ts'

/** Runs one command line (without `node` and the script); resolves with the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const program = createProgram()
  try {
    await program.parseAsync(args, { from: 'user' })
    return process.exitCode === undefined ? exitCodes.ok : Number(process.exitCode)
  } catch (error) {
    // Commander has printed its own message, help and version included.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    printError(error, args.includes('--json'))
    return exitCodeOf(error)
  }
}
