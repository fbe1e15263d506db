import { openEmbeddedLog } from '@heddle/log/embedded'
import { expect, test } from 'vitest'
import { type Program, start, withFolder } from './processes.ts'

const assigned = (program: Program): number =>
  program.said.reduce<number>(
    (sum, line) => sum + ((line as { assigned?: number[] }).assigned?.length ?? 0),
    0,
  )

test('two processes share a group; one is killed, and the other takes over at once, from what was committed', () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 't', partitions: 4 })
    const one = start('consumer.ts', { path })
    await one.until(() => assigned(one) === 4)
    const two = start('consumer.ts', { path })
    await two.until(() => assigned(two) === 2)

    const total = 2000
    for (let i = 0; i < total; i += 10) {
      await log.append(
        't',
        Array.from({ length: 10 }, (_, j) => ({ partition: (i + j) % 4, value: `${i + j}` })),
      )
      if (i === total / 2) {
        await one.until((said) => said.length > 50)
        await one.kill()
      }
    }
    // Its session would go on for an hour: it is its death that is noticed.
    await two.until(() => assigned(two) >= 4)
    // The last of each partition is taken by the one that is left.
    await two.until((said) =>
      [0, 1, 2, 3].every((partition) => said.some((line) => String(line) === `${partition},499`)),
    )
    const times = new Map<string, number>()
    for (const line of [...one.said, ...two.said].filter((line) => Array.isArray(line)))
      times.set(String(line), (times.get(String(line)) ?? 0) + 1)
    expect([...times.values()].filter((count) => count > 1)).toEqual([])
    // Of the two partitions that it had, the killed one may have committed what it could not say any more: one read.
    expect(total - times.size).toBeLessThanOrEqual(2 * 20)
    await two.kill()
    const groups = await log.listGroups()
    expect(groups[0]?.members).toEqual([])
    expect(groups[0]?.offsets.map(({ offset }) => offset)).toEqual([500, 500, 500, 500])
    await log.close()
  }))

test('a process hears at once of what another one appended', () =>
  withFolder(async (path) => {
    const log = await openEmbeddedLog({ path })
    await log.createTopic({ name: 'plain', partitions: 1 })
    const reading = log.read([{ topic: 'plain', partition: 0, offset: 0 }], { waitMs: 30_000 })
    const writer = start('writer.ts', { path, name: 'a', run: 0, uniqueFrom: 0 })
    const [fetched] = await reading
    expect(Buffer.from(fetched!.records[0]!.value!).toString()).toMatch(/^a-0-0/)
    // A topic that the other process made is known here, too.
    await writer.until((said) => said.some((line) => (line as unknown[])[0] === 'counter'))
    expect((await log.partitions('counter-a'))[0]?.latest).toBeGreaterThan(0)
    await writer.kill()
    await log.close()
  }))
