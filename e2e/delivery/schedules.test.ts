import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { startProcess } from './start-process.ts'

/** How often the gateway is killed. */
const kills = 4
/** Events that are accepted between two kills, due within a second. */
const between = 40

interface Answer {
  readonly status: number
  readonly body: any
}

async function start(path: string): Promise<{ child: ChildProcess; url: string }> {
  const { child, said } = await startProcess(new URL('gateway-process.ts', import.meta.url), path)
  return { child, url: said }
}

test(`killed ${kills} times: each event is sent once, none before it is due, none that was cancelled`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'heddle-schedules-'))
  let live: Awaited<ReturnType<typeof start>> | undefined
  try {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 'out', partitions: 1 })
    await log.close()
    live = await start(path)

    /** `undefined` when the gateway was killed before it answered. */
    const ask = async (method: string, at: string, body?: object): Promise<Answer | undefined> => {
      try {
        const response = await fetch(`${live!.url}${at}`, {
          method,
          ...(body && {
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/cloudevents+json' },
          }),
        })
        return { status: response.status, body: await response.json() }
      } catch {
        return undefined
      }
    }
    const due = new Map<string, number>()
    const cancelled = new Set<string>()
    /** What was asked for and not answered: it counts, or does not. */
    const unsure = new Set<string>()
    let count = 0
    const publish = async (): Promise<void> => {
      const id = `e${count++}`
      const deliverat = Date.now() + (count % 20) * 50
      const event = {
        specversion: '1.0',
        source: '/t',
        type: 't',
        id,
        deliverat: `${deliverat}`,
        scheduleid: id,
      }
      const answer = await ask('POST', '/topics/out/events', event)
      due.set(id, deliverat)
      if (!answer) return void unsure.add(id)
      expect(answer.status).toBe(202)
      if (count % 7 !== 0) return
      // 404 when it was sent already.
      const gone = await ask('DELETE', `/schedules/${id}`)
      if (!gone) unsure.add(id)
      else if (gone.status === 200) cancelled.add(id)
    }
    for (let kill = 0; kill < kills; kill++) {
      for (let at = 0; at < between; at++) await publish()
      const working = publish()
      live.child.kill('SIGKILL')
      await Promise.all([once(live.child, 'exit'), working])
      live = await start(path)
    }
    // The last one is due after all others.
    const last = Date.now() + 2_000
    await ask('POST', '/topics/out/events', {
      specversion: '1.0',
      source: '/t',
      type: 'last',
      id: 'last',
      deliverat: `${last}`,
    })
    const sent: { id: string; at: number }[] = []
    const isOver = async (): Promise<boolean> => {
      if (!sent.some(({ id }) => id === 'last')) return false
      const left = await ask('GET', '/schedules/count')
      return left!.body.count === 0
    }
    while (!(await isOver())) {
      const { body } = (await ask('GET', `/topics/out/events?wait=1000&partition=0&offset=${sent.length}`))!
      for (const { event } of body.events) sent.push({ id: event.id, at: Date.parse(event.scheduledtime) })
    }
    const { body } = (await ask('GET', `/topics/out/events?partition=0&offset=${sent.length}`))!
    for (const { event } of body.events) sent.push({ id: event.id, at: Date.parse(event.scheduledtime) })

    const times = new Map<string, number>()
    for (const { id } of sent) times.set(id, (times.get(id) ?? 0) + 1)
    expect([...times].filter(([, often]) => often > 1)).toEqual([])
    expect([...cancelled].filter((id) => times.has(id))).toEqual([])
    const missing = [...due.keys()].filter((id) => !times.has(id) && !cancelled.has(id) && !unsure.has(id))
    expect(missing).toEqual([])
    expect(sent.filter(({ at, id }) => id !== 'last' && at !== due.get(id))).toEqual([])
    expect(due.size).toBe(kills * (between + 1))
  } finally {
    live?.child.kill('SIGKILL')
    await rm(path, { recursive: true, force: true })
  }
}, 600_000)
