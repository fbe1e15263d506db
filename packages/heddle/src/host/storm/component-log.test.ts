import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../config/load-config.ts'
import { componentLogOf } from './component-log.ts'

test('components on Storm get certificates as texts, and what they log in with, as JSON', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'heddle-component-log-'))
  try {
    await writeFile(join(cwd, 'ca.pem'), 'a certificate')
    const sasl = { mechanism: 'SCRAM-SHA-256', username: 'storm', password: 'secret' }
    const env = {
      HEDDLE_LOG: 'kafka+ssl://broker:9092',
      HEDDLE_KAFKA: JSON.stringify({ tls: { ca: 'ca.pem' }, sasl }),
    }
    const { config } = await loadConfig({ cwd, env })
    const told = await componentLogOf(config)
    expect(JSON.parse(JSON.stringify(told))).toEqual({
      url: 'kafka+ssl://broker:9092',
      tls: { ca: 'a certificate' },
      sasl,
    })
  } finally {
    await rm(cwd, { recursive: true })
  }
})
