import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settings } from './settings.ts'

const cells = (line: string): string[] => line.split(/(?<!\\)\|/).map((cell) => cell.trim())
const rows = readFileSync(new URL('../../../../docs/reference/configuration.md', import.meta.url), 'utf8')
  .split('\n')
  .map(cells)
const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``)

test.each(settings)('$key stands in docs/reference/configuration.md as it is', (setting) => {
  const { key, env, flag, about } = setting
  const value = typeof setting.default === 'string' ? setting.default : JSON.stringify(setting.default)
  const row = rows.find((row) => row[1] === code(key) && row[2]?.startsWith('`HEDDLE_'))
  expect(row?.slice(1, 6)).toEqual([
    code(key),
    code(env),
    code(flag),
    code(value),
    about.replaceAll('|', '\\|'),
  ])
})
