import { type Guard, event, openGuard, toRecord, topic, topology } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { createHttpGateway } from '@heddle/gateway/http'
import { openMemoryLog } from '@heddle/log/memory'
import { expect, test } from 'vitest'
import { topologyRoutes } from './topology-routes.ts'

const keys = ['a', 'b1', 'b2', 'b3']

test('state is read a page at a time, by who may read the topology', async () => {
  const asked: string[] = []
  const guard: Guard = {
    ...openGuard,
    authorize(_, action, { type, name }) {
      asked.push(`${action} ${type} ${name}`)
      return name === 'secret' ? { allow: false, reason: 'it is secret' } : { allow: true }
    },
  }
  const log = await openMemoryLog()
  const engine = localEngine({ log })
  const gateway = createHttpGateway({ log, guard, extraRoutes: topologyRoutes(engine) })
  const { url } = await gateway.listen({ port: 0 })
  const get = async (path: string): Promise<readonly [status: number, body: unknown]> => {
    const response = await fetch(`${url}/topologies/${path}`)
    return [response.status, await response.json()]
  }
  try {
    await log.createTopic({ name: 'in', partitions: 1 })
    await log.append(
      'in',
      keys.map((data) => toRecord(event({ type: 't', source: '/t', data }))),
    )
    await engine.submit(
      topology('counts', { guarantee: 'exactly-once' })
        .from(topic<string>('in'))
        .keyBy((e) => e.data)
        .fold(
          () => 0,
          (count) => count + 1,
          { name: 'count' },
        )
        .to(topic('out', { partitions: 1 })),
    )
    // It comes out in the same commit as the state.
    for (let offset = 0; offset < keys.length;) {
      const [part] = await log.read([{ topic: 'out', partition: 0, offset }], { waitMs: 1000 })
      offset = part?.nextOffset ?? offset
    }
    const path = 'counts/state/count?prefix=%22b&limit=2'
    expect(await get(path)).toEqual([
      200,
      {
        entries: [
          { key: '"b1"', value: 1 },
          { key: '"b2"', value: 1 },
        ],
        next: '"b2"',
      },
    ])
    expect(await get(`${path}&after=%22b2%22`)).toEqual([200, { entries: [{ key: '"b3"', value: 1 }] }])
    expect((await get('counts/state/count?limit=1001'))[0]).toBe(400)
    expect((await get('counts/state/nothing'))[0]).toBe(400)
    expect((await get('nothing/state/count'))[0]).toBe(404)
    expect((await get('secret/state/count'))[0]).toBe(403)
    expect(new Set(asked)).toEqual(
      new Set(['read topology counts', 'read topology nothing', 'read topology secret']),
    )
  } finally {
    await gateway.close()
    await engine.close()
    await log.close()
  }
})
