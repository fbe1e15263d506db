import { resolve } from 'node:path'
import { type Event, type Topology, isHeddleError } from '@heddle/core'
import type { Expectation, FileTest } from '@heddle/core/yaml'
import { type TestFabric, testFabric } from '../testing/test-fabric.ts'
import { differences } from './differences.ts'

/** How a test of a file went. */
export interface TestResult {
  readonly name: string
  readonly place: string
  /** What is not as expected; none when it passed. */
  readonly failures: readonly TestFailure[]
}

/** What is not as expected in one place. */
export interface TestFailure {
  /** `orders.large`, `http outputs`, `dead letters` */
  readonly where: string
  readonly place: string
  /** Lines that say what differs. */
  readonly lines: readonly string[]
}

/**
 * Runs the tests that stand in a YAML topology, each in a fabric of its own, in memory and in virtual time; as `heddle test`
 * does.
 *
 * @throws HEDDLE_TOPOLOGY_INVALID with all mistakes of the file.
 * @example
 * for (const { name, failures } of await runTopologyTests('orders.yaml')) test(name, () => assert.deepEqual(failures, []))
 */
export async function runTopologyTests(path: string): Promise<readonly TestResult[]> {
  const { loadYamlFile } = await import('./load-yaml.ts')
  const { topology, tests } = loadYamlFile(resolve(path))
  const results: TestResult[] = []
  for (const each of tests) results.push(await runFileTest(topology, each))
  return results
}

/** Runs a test in a fabric of its own, in memory and in virtual time. */
export async function runFileTest(topology: Topology, test: FileTest): Promise<TestResult> {
  const { name, place } = test
  try {
    return { name, place, failures: await failuresOf(topology, test) }
  } catch (error) {
    if (!isHeddleError(error)) throw error
    // An event that is none, or a topology that does not come to rest.
    return { name, place, failures: [{ where: 'the test', place, lines: [error.message, error.todo] }] }
  }
}

async function failuresOf(topology: Topology, { place, parts }: FileTest): Promise<readonly TestFailure[]> {
  await using fabric = await testFabric()
  await fabric.submit(topology)
  const failures: TestFailure[] = []
  for (const { publish, advance, expect } of parts) {
    for (const { topic, events } of publish) await fabric.publish(topic, events)
    await fabric.advance(advance)
    for (const each of expect) {
      const failure = compare(each, await found(each, topology, fabric))
      if (failure) failures.push(failure)
    }
    // What comes after would fail of the same.
    if (failures.length > 0) break
  }
  const expectsDeadLetters = parts.some(({ expect }) => expect.some(({ where }) => where === 'dead-letters'))
  const unexpected = expectsDeadLetters ? [] : await fabric.deadLetters(topology.name)
  if (unexpected.length > 0)
    failures.push({
      where: 'dead letters',
      place,
      lines: [
        `${unexpected.length} ${unexpected.length === 1 ? 'event' : 'events'} failed:`,
        ...unexpected.map((event) => `  ${deadLetter(event)}`),
      ],
    })
  return failures
}

const found = ({ where }: Expectation, topology: Topology, fabric: TestFabric): Promise<readonly Event[]> => {
  if (where === 'dead-letters') return fabric.deadLetters(topology.name)
  return 'topic' in where ? fabric.read(where.topic) : Promise.resolve(fabric.sent(where.output))
}

const nameOf = ({ where }: Expectation): string => {
  if (where === 'dead-letters') return 'dead letters'
  return 'topic' in where ? `topic ${where.topic}` : `${where.output} output`
}

function compare(expectation: Expectation, events: readonly Event[]): TestFailure | undefined {
  const { events: expected, place } = expectation
  const lines: string[] = []
  for (const [index, want] of expected.entries()) {
    const event = events[index]
    if (event === undefined) {
      lines.push(`event ${index + 1} did not come: ${JSON.stringify(want)}`)
      continue
    }
    const differs = differences(want, asObject(event))
    if (differs.length > 0) lines.push(`event ${index + 1}:`, ...differs.map((line) => `  ${line}`))
  }
  for (const [index, event] of events.slice(expected.length).entries())
    lines.push(`event ${expected.length + index + 1} was not expected: ${summary(event)}`)
  return lines.length === 0 ? undefined : { where: nameOf(expectation), place, lines }
}

const asObject = (event: Event): Record<string, unknown> => ({ ...event })
const summary = ({ type, subject, data }: Event): string =>
  JSON.stringify({ type, ...(subject !== undefined && { subject }), data })

function deadLetter(event: Event): string {
  const { dlcomponent, dlerror } = event.extensions ?? {}
  return `${summary(event)} in '${String(dlcomponent)}': ${String(dlerror)}`
}
