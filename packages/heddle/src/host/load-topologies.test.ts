import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isHeddleError } from '@heddle/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filesOfFailure } from './fresh-import.ts'
import { findTopologyFiles, loadTopologyFile } from './load-topologies.ts'

let folder: string
/** Where the builder is, for files outside of the workspace. */
const core = import.meta.resolve('@heddle/core')

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-topologies-')))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text.replace("'heddle'", JSON.stringify(core)))
  return path
}

const passing = (to: string): string =>
  `import { topic, topology } from 'heddle'\nexport default topology('t').from(topic('in')).to(topic('${to}'))\n`

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

// That a file and what it imports are read again is Node's loader's work, which vitest replaces: see e2e/house.
describe('loading a file', () => {
  test('its default export', async () => {
    const { topologies, files } = await loadTopologyFile(write('a.ts', passing('out')))
    expect(topologies.map(({ name }) => name)).toEqual(['t'])
    expect(files).toEqual([join(folder, 'a.ts')])
  })

  test('a list of topologies', async () => {
    const path = write(
      'a.ts',
      `import { topic, topology } from 'heddle'
       export default ['a', 'b'].map((name) => topology(name).from(topic('in')).to(topic(name)))`,
    )
    expect((await loadTopologyFile(path)).topologies.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test.each([
    ['export const x = 1', 'is missing'],
    ['export default { a: 1 }', 'of type object'],
    [
      `import { topic, topology } from 'heddle'\nexport default topology('t').from(topic('in'))`,
      'leads nowhere',
    ],
  ])('%j holds none', async (text, why) => {
    const error = await failure(loadTopologyFile(write('a.ts', text)))
    expect(isHeddleError(error, 'HEDDLE_MODULE_INVALID') && error.detail).toContain(why)
  })

  test('mistakes of the plan come with their place in the file', async () => {
    const path = write(
      'a.ts',
      `import { topic, topology } from 'heddle'\nexport default topology('no good').from(topic('in'))\n  .filter(() => true, { parallelism: 0 }).to(topic('out'))\n`,
    )
    const error = await failure(loadTopologyFile(path))
    expect(isHeddleError(error, 'HEDDLE_TOPOLOGY_INVALID') && error.message).toMatch(/a\.ts:3:\d+/)
  })

  test('YAML, with the schemas that it names', async () => {
    write('in.json', '{ "properties": { "n": { "type": "number" } } }')
    const path = write(
      'a.yaml',
      'topology: t\ntopics: { in: { schema: in.json } }\nfrom: in\nsteps: [{ filter: event.data.n > 1 }]\nto: out\n',
    )
    const { topologies, files } = await loadTopologyFile(path)
    expect(topologies.map(({ name }) => name)).toEqual(['t'])
    expect(files).toEqual([path, join(folder, 'in.json')])
    write('in.json', '{ "properties": { "m": { "type": "number" } } }')
    const error = await failure(loadTopologyFile(path))
    expect(isHeddleError(error, 'HEDDLE_TOPOLOGY_INVALID') && error.message).toMatch(
      /a\.yaml:4:\d+ there is no field 'n'/,
    )
    expect(filesOfFailure(error)).toEqual(files)
  })

  test('a file that is not there', async () => {
    const error = await failure(loadTopologyFile(join(folder, 'none.ts')))
    expect(isHeddleError(error, 'HEDDLE_MODULE_INVALID') && error.detail).toContain('does not exist')
  })
})

describe('finding files', () => {
  test('a folder stands for those in it that look like topologies', () => {
    for (const name of ['b.ts', 'a.mjs', 'a.test.ts', 'heddle.config.ts', 'a.d.ts'])
      writeFileSync(join(folder, name), passing('out'))
    write('helper.ts', 'export const x = 1')
    writeFileSync(join(folder, 'notes.md'), passing('out'))
    for (const name of ['c.yaml', 'd.yml', 'heddle.config.yaml'])
      write(name, '# a comment\ntopology: t\nfrom: in\nto: out\n')
    write('other.yaml', 'services:\n  topology: t\n')
    expect(findTopologyFiles([folder, join(folder, 'b.ts')])).toEqual(
      ['a.mjs', 'b.ts', 'c.yaml', 'd.yml'].map((name) => join(folder, name)),
    )
  })

  test('a file is taken as it is, and a missing path is told', () => {
    const path = write('x.ts', 'export const x = 1')
    expect(findTopologyFiles([path])).toEqual([path])
    expect(() => findTopologyFiles([join(folder, 'none')])).toThrow('does not exist')
  })
})
