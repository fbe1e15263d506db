// Many events through windows over many keys, in a process of its own, so that its memory is that of this alone. Prints what it
// measured as JSON.
import { type Spout, topology, tumbling } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openEmbeddedLog } from '@heddle/log/embedded'

const [path, total, keys] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
/** A window has so many events: about a tenth of the keys come in each. */
const perWindow = keys / 10
const windowMs = 60_000
const atOnce = 500
const start = Date.UTC(2026, 0, 1)

let emitted = 0
const marks: number[] = []
let done = (): void => {}
const all = new Promise<void>((resolve) => {
  done = resolve
})
// A generator of its own: the keys are the same in each run.
let seed = 1
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const events: Spout<{ key: string; n: number }> = {
  next(out) {
    if (emitted === 0) marks.push(performance.now())
    for (let n = 0; n < atOnce && emitted < total; n++) {
      const time = start + (emitted / perWindow) * windowMs
      out.emit({ key: `key-${Math.floor(random() * keys)}`, n: 1 }, { time })
      if (++emitted % (total / 10) === 0) marks.push(performance.now())
    }
    if (emitted === total) done()
  },
}

let results = 0
const t = topology.graph('windows', { idleAfter: '1d' })
const source = t.spout('events', events, { fields: ['key', 'n'] })
const sums = t.flow('sums', source, (s) =>
  s
    .keyBy(({ key }) => key)
    .window(tumbling(windowMs))
    .sum(({ n }) => n),
)
t.bolt('results', () => {
  results++
}).shuffle(sums)

const log = await openEmbeddedLog({ path })
const engine = localEngine({ log })
let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss)
}, 100)
await engine.submit(t)
await all
clearInterval(watch)
await engine.close()
await log.close()
const rateOf = (tenth: number): number => ((total / 10) * 1000) / (marks[tenth + 1]! - marks[tenth]!)
console.log(JSON.stringify({ first: rateOf(0), last: rateOf(9), peakMb: peak / 2 ** 20, results }))
