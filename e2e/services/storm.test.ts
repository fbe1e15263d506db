import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sleep, systemClock } from '@heddle/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { jars } from '../../tools/services/jars.ts'
import { groupLives } from '../../tools/services/process-group.ts'
import { clusterInfo } from '../../tools/services/storm/nimbus.ts'
import { startStorm } from '../../tools/services/storm/storm.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { submitSpout } from './submit-spout.ts'

// One that comes back leads when the session of the former is over, after 20 s.
const timeout = 300_000

describe.runIf(servicesAvailable('storm'))('Storm', { timeout }, () => {
  beforeAll(() => jars('storm'), 600_000)

  test('a topology in Node runs, outlives its supervisor as in any cluster, and ends with the cluster', async () => {
    await using storm = await startStorm()
    const nimbus = Number(storm.nimbus.split(':')[1])
    expect(await clusterInfo(nimbus)).toEqual({ supervisors: 1, hasLeader: true, topologies: [] })

    // The spout connects to this test, says what runs it, and echoes lines.
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const connected = once(server, 'connection') as Promise<[Socket]>
    await submitSpout(nimbus, 'caller', (server.address() as AddressInfo).port)
    const [spout] = await connected
    const lines = createInterface(spout)[Symbol.asyncIterator]()
    expect(await lines.next()).toEqual({ done: false, value: process.version })
    expect((await clusterInfo(nimbus)).topologies).toEqual(['caller'])

    const supervisor = storm.pid('supervisor-1')
    await storm.kill('supervisor-1')
    spout.write('still there?\n')
    expect(await lines.next()).toEqual({ done: false, value: 'still there?' })

    const closed = once(spout, 'close')
    await storm.stop()
    await closed
    expect(groupLives(supervisor)).toBe(false)
    server.close()
  })

  test('daemons that die are started again', async () => {
    await using storm = await startStorm()
    const nimbus = Number(storm.nimbus.split(':')[1])
    const [first, supervisor] = [storm.pid('nimbus'), storm.pid('supervisor-1')]
    process.kill(first, 'SIGKILL')
    process.kill(supervisor, 'SIGKILL')
    for (;;) {
      const found = await clusterInfo(nimbus).catch(() => undefined)
      const others = storm.pid('nimbus') !== first && storm.pid('supervisor-1') !== supervisor
      if (others && found?.hasLeader === true && found.supervisors === 1) break
      await sleep(systemClock, 100)
    }
    const deaths = readFileSync(join(storm.logs, 'supervision.log'), 'utf8')
    expect(deaths).toContain('nimbus died (SIGKILL)')
    expect(deaths).toContain('supervisor-1 died (SIGKILL)')
  })

  test('a killed Nimbus leads again, with two supervisors', async () => {
    await using storm = await startStorm({ supervisors: 2 })
    const nimbus = Number(storm.nimbus.split(':')[1])
    await storm.kill('nimbus')
    await expect(clusterInfo(nimbus)).rejects.toThrow('ECONNREFUSED')
    await storm.restart('nimbus')
    expect(await clusterInfo(nimbus)).toEqual({ supervisors: 2, hasLeader: true, topologies: [] })
  })
})
