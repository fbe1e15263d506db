import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { running } from '../../tools/services/registry.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'

describe.runIf(servicesAvailable('activemq'))('what runs', () => {
  test('is known to other processes; what a killed owner leaves is removed', async () => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL('owner.ts', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(owner.stdout, 'data')) as [Buffer]
    const { address, broker, data } = JSON.parse(String(line)) as {
      address: string
      broker: number
      data: string
    }
    const mine = () => running().filter((entry) => entry.owner === owner.pid)
    expect(mine()).toMatchObject([
      { service: 'activemq', addresses: { stomp: address }, processes: { broker } },
    ])

    owner.kill('SIGKILL')
    await once(owner, 'close')
    // As a worker does that writes once more before it ends.
    mkdirSync(data, { recursive: true })
    expect(mine()).toEqual([])
    expect(existsSync(data)).toBe(false)
  })
})
