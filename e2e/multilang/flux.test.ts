import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Running, heddle } from '../house/cli.ts'
import { FluxRun } from '../storm/flux/flux-run.ts'

test('a Flux file of programs runs here', { timeout: 240_000 }, async () => {
  using flux = new FluxRun()
  const { file, filter, folder, env } = flux
  const checked = await heddle(['check', file, '--filter', filter], { env })
  expect(checked.stdout).toContain('squares')
  const running = new Running(
    ['up', file, '--filter', filter, '--data', join(folder, 'data'), '--http', '0'],
    { env },
  )
  try {
    expect(await flux.squares()).toEqual(flux.expected)
  } finally {
    await running.end()
  }
})

test('a value that is not there is told with its place', async () => {
  using flux = new FluxRun()
  const { code, stdout } = await heddle(['check', flux.file], { env: flux.env })
  expect(code).toBe(1)
  expect(stdout).toContain("there is no property 'timeout'")
  expect(stdout).toContain('squares.yaml:5:34')
})
