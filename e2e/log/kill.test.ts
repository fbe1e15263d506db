import { type EmbeddedLog, openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { type Program, start, withFolder } from './processes.ts'

const kills = 50

/** What a writer was told is on disk, over all its lives. */
class Ledger {
  readonly plain = new Map<number, string>()
  unique = 0
  counter = 0

  take(said: readonly unknown[]): void {
    for (const [what, number, value] of said as [string, number, string][]) {
      if (what === 'plain') this.plain.set(number, value)
      else if (what === 'unique') this.unique = Math.max(this.unique, number + 1)
      else this.counter = Math.max(this.counter, number + 1)
    }
  }
}

async function values(log: EmbeddedLog, topic: string, partition = 0): Promise<string[]> {
  const found: string[] = []
  for (let offset = 0; ;) {
    const [fetched] = await log.read([{ topic, partition, offset }], { maxBytes: 2 ** 24 })
    if (fetched === undefined) return found
    for (const { value } of fetched.records) found.push(Buffer.from(value!).toString().trimEnd())
    offset = fetched.nextOffset
  }
}

test(`two writers are killed ${kills} times, and all that was acknowledged is there, once, in order`, () =>
  withFolder(async (path) => {
    const names = ['a', 'b']
    const ledgers = new Map(names.map((name) => [name, new Ledger()]))
    let run = 0
    const begin = (name: string): Program =>
      // From before the last that was acknowledged: those after may be there, or not.
      start('writer.ts', { path, name, run: run++, uniqueFrom: Math.max(0, ledgers.get(name)!.unique - 9) })
    const writers = new Map(names.map((name) => [name, begin(name)]))
    for (let kill = 0; kill < kills; kill++) {
      const name = names[kill % 2]!
      const writer = writers.get(name)!
      // At another place each time: soon after the first answer, or later.
      const lines = 1 + ((kill * 37) % 150)
      await writer.until((said) => said.length >= lines)
      await writer.kill()
      ledgers.get(name)!.take(writer.said)
      writers.set(name, begin(name))
    }
    for (const [name, writer] of writers) {
      await writer.until((said) => said.length >= 50)
      await writer.kill()
      ledgers.get(name)!.take(writer.said)
    }

    const log = await openEmbeddedLog({ path })
    const plain = await values(log, 'plain')
    const acknowledged = [...ledgers.values()].flatMap((ledger) => [...ledger.plain])
    expect(acknowledged.length).toBeGreaterThan(1000)
    const lost = acknowledged.filter(([offset, value]) => plain[offset] !== value)
    expect(lost).toEqual([])
    expect(new Set(plain).size).toBe(plain.length)

    const unique = (await Promise.all([0, 1, 2].map((partition) => values(log, 'unique', partition)))).flat()
    expect(new Set(unique).size).toBe(unique.length)
    for (const name of names) {
      const { unique: upTo, counter } = ledgers.get(name)!
      const known = new Set(unique)
      const missing = Array.from({ length: upTo }, (_, number) => `${name}-${number}`).filter(
        (value) => !known.has(value),
      )
      expect(missing).toEqual([])
      const counted = await values(log, `counter-${name}`)
      expect(counted).toEqual(counted.map((_, number) => `${number}`))
      expect(counted.length).toBeGreaterThanOrEqual(counter)
      const store = await log.store('counters')
      expect(Buffer.from(store.get(name)!).toString()).toBe(`${counted.length}`)
    }
    await log.close()
  }))
