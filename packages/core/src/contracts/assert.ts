/**
 * Assertions of the contract suites. They depend on no test runner, so that anyone can run a suite with their own.
 *
 * @module
 */
import { type ErrorCode, errorMessage, isHeddleError } from '../errors.ts'
import { sleep, systemClock } from '../ports/clock.ts'

/** What a suite needs of a test runner; those of vitest, node:test and jest fit. */
export interface TestApi {
  readonly describe: (name: string, define: () => void) => unknown
  readonly test: (name: string, run: () => Promise<void>) => unknown
}

function fail(message: string): never {
  throw new Error(message)
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) fail(`expected ${what}`)
}

/** Equal by value: numbers, strings, booleans, null, undefined, bytes, and arrays and objects of those. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [show(actual), show(expected)]
  if (got !== wanted) fail(`${what}: expected ${wanted}, and got ${got}`)
}

/** The error that `run` throws, which must be a HeddleError with that code. */
export async function throws(
  code: ErrorCode,
  run: () => unknown,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    await run()
  } catch (error) {
    if (isHeddleError(error, code)) return error.info
    return fail(
      `expected ${code}, and got ${isHeddleError(error) ? `${error.code} ` : ''}${errorMessage(error)}`,
    )
  }
  return fail(`expected ${code}, and nothing was thrown`)
}

/** How long anything may take to become visible, in ms: a broker's rebalance, or a cluster that starts on a busy machine. */
const patience = 60_000

/** Waits until `look` gives something, and gives it; for what an implementation may show a little later. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const until = systemClock.now() + patience
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (systemClock.now() > until) return fail(`waited ${patience} ms for ${what}`)
    await sleep(systemClock, 5)
  }
}

function show(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (value instanceof Uint8Array) return `<${[...value].join(' ')}>`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${name}: ${show(field)}`)
      .join(', ')}}`
  return typeof value === 'number' ? `${value}` : JSON.stringify(value)
}
