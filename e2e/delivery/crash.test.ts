import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { event, toRecord } from '@heddle/core'
import { createDelivery } from '@heddle/delivery'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { startProcess } from './start-process.ts'

/** How often the gateway is killed. */
const kills = process.env['CI'] ? 30 : 6
const keys = 25
/** How many events are given out before each kill. */
const between = 30
/** Enough for each kill to meet some under way: one pull, of at most 20, may be lost with it. */
const total = kills * (between + 25)

interface Pulled {
  readonly events: readonly {
    readonly lease: string
    readonly redelivered: boolean
    readonly event: { readonly id: string; readonly partitionkey: string; readonly data: number }
  }[]
}

async function start(path: string): Promise<{ child: ChildProcess; url: string }> {
  const { child, said } = await startProcess(new URL('gateway-process.ts', import.meta.url), path)
  return { child, url: said }
}

test(`killed ${kills} times: all is given out in order by key, and nothing again that was acked`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'heddle-delivery-'))
  let gateway: Awaited<ReturnType<typeof start>> | undefined
  try {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 'in', partitions: 2 })
    const delivery = createDelivery({ log })
    await delivery.create('work', { topics: ['in'], leaseMs: 500, retry: { attempts: 0 } })
    await log.append(
      'in',
      Array.from({ length: total }, (_, n) =>
        toRecord(event({ id: `${n}`, source: '/c', type: 'n', partitionkey: `${n % keys}`, data: n })),
      ),
    )
    await delivery.close()
    await log.close()

    const acked = new Set<string>()
    /** Acks whose answer was lost: they may count, or not. */
    const unsure = new Set<string>()
    const behind: string[] = []
    const nextOf = new Map(Array.from({ length: keys }, (_, key) => [`${key}`, key]))
    let live = await start(path)
    gateway = live

    const ask = async <T>(path: string, body?: object): Promise<T | undefined> => {
      try {
        const response = await fetch(`${live.url}/subscriptions/work/${path}`, {
          method: 'POST',
          ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        })
        return response.ok ? ((await response.json()) as T) : undefined
      } catch {
        return undefined
      }
    }
    /** What was given and may have been acked before counts as that, when a later one of its key is given. */
    const pass = (key: string, n: number): void => {
      let next = nextOf.get(key)!
      while (next < n && unsure.has(`${next}`)) {
        unsure.delete(`${next}`)
        acked.add(`${next}`)
        next += keys
      }
      if (next !== n) behind.push(`${key}: ${n} came, and ${next} was next`)
      nextOf.set(key, n)
    }
    const workOnce = async (): Promise<void> => {
      const pulled = await ask<Pulled>('pull?max=20&wait=200')
      const events = pulled?.events ?? []
      for (const { event: given } of events) {
        if (acked.has(given.id)) behind.push(`${given.id} came again`)
        pass(given.partitionkey, given.data)
      }
      if (events.length === 0) return
      const answer = await ask<{ lost: string[] }>('settle', { ack: events.map(({ lease }) => lease) })
      for (const { lease, event: given } of events) {
        if (!answer) unsure.add(given.id)
        else if (!answer.lost.includes(lease)) {
          acked.add(given.id)
          nextOf.set(given.partitionkey, given.data + keys)
        }
      }
    }
    for (let kill = 1; kill <= kills; kill++) {
      const until = acked.size + unsure.size + between
      while (acked.size + unsure.size < until) await workOnce()
      const working = workOnce()
      live.child.kill('SIGKILL')
      await Promise.all([once(live.child, 'exit'), working])
      live = await start(path)
      gateway = live
    }
    while (acked.size + unsure.size < total) await workOnce()
    expect(behind).toEqual([])
    expect(acked.size + unsure.size).toBe(total)
  } finally {
    gateway?.child.kill('SIGKILL')
    await rm(path, { recursive: true, force: true })
  }
}, 600_000)
