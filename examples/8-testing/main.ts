// A month in a moment: a whole fabric in a test, in memory, with a clock that the test moves, crashes and failing commits.
import assert from 'node:assert/strict'
import { type Windowed, topic, topology, tumbling } from 'heddle'
import { forSeeds } from 'heddle/testing'

const perDay = topology('visits', { guarantee: 'exactly-once' })
  .from(topic<{ page: string }>('visits'))
  .keyBy((visit) => visit.data.page)
  .window(tumbling('1d'))
  .count()
  .to(topic('visits.per-day'))

// Each seed makes what goes on at once happen in another order.
await forSeeds(3, async (fabric) => {
  await fabric.submit(perDay)
  for (let day = 1; day <= 30; day++) {
    await fabric.publish('visits', [
      { data: { page: '/' } },
      { data: { page: '/' } },
      { data: { page: '/about' } },
    ])
    fabric.faults.plan('fails', 'answer-lost')
    await fabric.advance('12h')
    if (day % 10 === 0) await fabric.crash()
    await fabric.advance('12h')
  }
  await fabric.advance('1d')
  const counts = await fabric.data<Windowed<string, number>>('visits.per-day')
  assert.equal(counts.length, 60)
  assert.ok(counts.every(({ key, value }) => value === (key === '/' ? 2 : 1)))
  assert.deepEqual(await fabric.deadLetters('visits'), [])
  console.log(`seed ${fabric.seed}: 30 days, 3 crashes, 60 failed commits, and every count is right`)
})
