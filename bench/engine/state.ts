import { type Bolt, type Spout, topology } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openEmbeddedLog } from '@heddle/log/embedded'
import type { Report } from '../lib/figure.ts'
import { median, scratch } from '../lib/measure.ts'

const keys = 1_000_000
const rounds = 5

const state = (
  opened: (context: Parameters<NonNullable<Bolt['open']>>[0]) => void,
  done: () => void,
): ReturnType<typeof topology.graph> => {
  let next = 0
  let put = 0
  const numbers: Spout<{ key: string }> = {
    next(out) {
      for (let n = 0; n < 200 && next < keys; n++)
        out.emit({ key: `customer-${next}` }, { id: String(next++) })
    },
  }
  let context: Parameters<NonNullable<Bolt['open']>>[0]
  const keep: Bolt<{ key: string }> = {
    open(its) {
      opened((context = its))
    },
    execute({ values: { key } }) {
      context.state.put(key, { seen: 1, last: key })
      if (++put === keys) done()
    },
  }
  const t = topology.graph('state')
  t.bolt('keep', { create: () => keep }).fields(t.spout('keys', numbers, { fields: ['key'] }), 'key')
  return t
}

/** State of a million keys: from opening the folder until a task has had every key and its value. */
export async function restore(report: Report): Promise<void> {
  await scratch(async (path) => {
    const filling = await openEmbeddedLog({ path })
    const engine = localEngine({ log: filling })
    const { promise, resolve } = Promise.withResolvers<void>()
    await engine.submit(state(() => {}, resolve))
    await promise
    await engine.close()
    await filling.close()
    const rates: number[] = []
    for (let round = 0; round < rounds; round++) {
      const began = performance.now()
      const log = await openEmbeddedLog({ path })
      const again = localEngine({ log })
      const whole = Promise.withResolvers<number>()
      await again.submit(
        state(
          (context) => {
            let found = 0
            for (const _ of context.state.entries()) found++
            whole.resolve(found)
          },
          () => {},
        ),
      )
      const found = await whole.promise
      if (found !== keys) throw new Error(`${found} keys of ${keys} are there`)
      rates.push((keys / (performance.now() - began)) * 1000)
      await again.kill('state', { waitMs: 0 })
      await again.close()
      await log.close()
    }
    report({
      figure: 'state of 1M keys after a restart',
      unit: 'keys/s',
      ours: median(rates),
      reference: 500_000,
      atLeast: 1,
      conditions: {
        against: 'a bound',
        rounds,
        what: 'opens the log, starts the topology, reads and decodes every key and value of its state',
        value: '35 bytes of JSON',
      },
    })
  })
}
