import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findTopologyFiles, loadTopologyFile } from '../host/load-topologies.ts'
import { filterVariable } from './filter-variable.ts'

const text = `name: \${name}
spouts:
  - id: lines
    className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout
    constructorArgs: [[sh, lines.sh, -x], [line]]
bolts:
  - id: log
    className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt
    constructorArgs: [[sh, lines.sh]]
streams:
  - { from: lines, to: log, grouping: { type: SHUFFLE } }
`

let folder: string
let file: string
let filter: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-flux-'))
  file = join(folder, 'flux.yaml')
  filter = join(folder, 'dev.properties')
  writeFileSync(file, text)
  writeFileSync(filter, 'name=lines')
  writeFileSync(join(folder, 'lines.sh'), '')
  process.env[filterVariable] = filter
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  delete process.env[filterVariable]
})

test('a Flux file is a topology file as any other', async () => {
  writeFileSync(join(folder, 'other.yaml'), 'name: no topology')
  expect(findTopologyFiles([folder])).toEqual([file])
  const { topologies, files } = await loadTopologyFile(file)
  expect(files).toEqual([file, filter])
  const [{ name, plan } = { name: '', plan: undefined }] = topologies
  expect(name).toBe('lines')
  // What is named and is there travels along.
  expect(plan!.components[0]!.config).toMatchObject({ cwd: folder, files: ['lines.sh'] })
})

test('a folder resources beside it is where its programs are', async () => {
  mkdirSync(join(folder, 'resources'))
  const { topologies } = await loadTopologyFile(file)
  expect(topologies[0]!.plan.components[0]!.config).toMatchObject({
    cwd: join(folder, 'resources'),
    files: ['.'],
  })
})

test('what has no value, and a filter that is not there, are told', async () => {
  writeFileSync(filter, '')
  await expect(loadTopologyFile(file)).rejects.toThrow("flux.yaml:1:7 there is no property 'name'")
  rmSync(filter)
  await expect(loadTopologyFile(file)).rejects.toThrow('--filter: ENOENT')
})
