/**
 * The demo: the recorded webhooks of GitHub go through a fabric in a process of its own, and every one is accounted for.
 *
 *   npm run demo                    20,000 deliveries
 *   npm run demo -- --kill          the same, with the fabric killed (SIGKILL) several times on the way
 *   npm run demo -- --events 50000 --kill 10
 *   npm run demo -- --kafka         the same on a real Kafka, over three processes, one of them killed on the way
 *   npm run demo -- --storm         the same with the topology on a real Storm, on a real Kafka
 *
 * Exit code 0 only if nothing was lost and nothing is there twice.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Expected, expectedOf } from './expected.ts'
import { Fleet } from './fleet.ts'
import { processesOnKafka, startDemoKafka } from './kafka.ts'
import { type Delivery, deliveriesOf, recordedPayloads } from './payloads.ts'
import { post, postAll } from './poster.ts'
import { startReceiver } from './receiver.ts'
import { type Reconciliation, holds, reconcile } from './reconcile.ts'
import { Screen, bad, bold, good, number } from './screen.ts'
import { startSseReader } from './sse-reader.ts'
import { type DemoStorm, startDemoStorm } from './storm.ts'
import github from './topology.ts'

/** How long nothing may move before the demo gives up, in ms. */
const patience = 180_000

interface Options {
  readonly events: number
  readonly kills: number
  readonly kafka: boolean
  readonly storm: boolean
}

function options(): Options {
  const args = process.argv.slice(2).flatMap((arg, index, all) =>
    // `--kill` alone means 5 times.
    arg === '--kill' && !/^\d+$/.test(all[index + 1] ?? '') ? ['--kill', '5'] : [arg],
  )
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string', default: '20000' },
      kill: { type: 'string' },
      kafka: { type: 'boolean', default: false },
      storm: { type: 'boolean', default: false },
    },
  })
  const { events, kafka, storm, kill = kafka ? '1' : '0' } = values
  return { events: Number(events), kills: Number(kill), kafka: kafka || storm, storm }
}

async function main(): Promise<boolean> {
  const given = options()
  const kafka = given.kafka ? await startDemoKafka() : undefined
  if (kafka) console.log(`Kafka is ready at ${kafka.bootstrap}, after ${(kafka.bootMs / 1000).toFixed(1)} s`)
  const log = kafka && `kafka://${kafka.bootstrap}`
  const folder = mkdtempSync(join(tmpdir(), 'heddle-demo-'))
  const receiver = await startReceiver()
  const secret = randomBytes(24).toString('base64url')
  const env = { DEMO_RECEIVER: receiver.url, DEMO_OUT: folder, ...(given.storm && { DEMO_ENGINE: 'storm' }) }
  // The processes of Storm have this environment, too.
  Object.assign(process.env, env)
  const storm = given.storm ? await startDemoStorm(log!) : undefined
  if (storm) console.log(`Storm is ready at ${storm.nimbus}, after ${(storm.bootMs / 1000).toFixed(1)} s`)
  const fabric = await Fleet.of(kafka && !storm ? processesOnKafka : 1, folder, {
    log,
    env: {
      ...env,
      HEDDLE_WEBHOOKS: JSON.stringify({ github: { topic: 'github.webhooks', signature: 'github', secret } }),
    },
    topologies: storm ? 'outputs.topology.ts' : 'topology.ts',
    names: storm ? ['github-hooks', 'github-checks'] : ['github'],
  })
  try {
    return await run({
      ...given,
      file: join(folder, 'checks.jsonl'),
      receiver,
      secret,
      fabric,
      cluster: storm,
    })
  } finally {
    await fabric.stop()
    await storm?.stop()
    await receiver.close()
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Stage extends Options {
  readonly file: string
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>
  readonly secret: string
  readonly fabric: Fleet
  /** Where the topology runs, if not in the fabric. */
  readonly cluster: DemoStorm | undefined
}

async function run({ events, kills, file, receiver, secret, fabric, cluster }: Stage): Promise<boolean> {
  const payloads = recordedPayloads()
  const deliveries = deliveriesOf(payloads, events)
  const expected = expectedOf(deliveries)
  const webhooks = fabric.members.map(({ url }) => `${url}/webhooks/github`)

  const startMs = await fabric.start()
  await cluster?.submit()
  const sse = startSseReader(`${fabric.url}/topics/github.code/events?from=earliest`)
  const total = deliveries.length
  let posted = 0
  const screen = new Screen({
    plan: github.plan,
    progress: () => ({ posted, total, http: receiver.ids.size, sse: sse.ids.size, kills: fabric.kills }),
    metrics: async () => (cluster ? undefined : fabric.metrics().catch(() => undefined)),
  })
  const several = fabric.members.length > 1
  const killed = kills === 0 ? '' : `, and killing ${several ? 'one of them' : 'it'} ${times(kills)}`
  screen.say(
    `${several ? `${fabric.members.length} × heddle up are` : 'heddle up is'} ready at ${fabric.members.map(({ url }) => url).join(', ')} ` +
      `after ${Math.round(startMs)} ms; posting ${number(total)} deliveries of ${payloads.length} recorded payloads${killed}\n`,
  )
  const forged = await post(deliveries[0]!, webhooks[0]!, 'a wrong secret')
  if (forged !== 401) throw new Error(`a forged signature was answered ${forged}, and not 401`)

  screen.start()
  const started = performance.now()
  const killing = killAlong(kills, total, () => posted, fabric)
  // Each process has posters of its own, so that one that is killed holds up only what is for it.
  const all = await Promise.all(
    webhooks.map((webhook, place) =>
      postAll(
        deliveries.filter((_, n) => n % webhooks.length === place),
        { url: () => webhook, secret, concurrency: 48 / webhooks.length, onAccepted: () => posted++ },
      ),
    ),
  )
  const retried = all.reduce((sum, counts) => sum + counts.retried, 0)
  const postedMs = performance.now() - started
  await killing
  await settled(expected, deliveries, { fabric, receiver, sse })
  await screen.stop()

  // Out through the door, so that all that is under way comes to its end, and in again to read what is there.
  await cluster?.kill()
  const codes = await fabric.stop()
  if (codes.length > 0) throw new Error(`SIGTERM ended it with ${codes.join(', ')}:\n${fabric.lastWords}`)
  await fabric.start()
  await sleep(500) // whatever would come a second time comes now
  screen.say(
    `\n${number(total)} accepted in ${(postedMs / 1000).toFixed(1)} s, ${number(Math.round((total / postedMs) * 1000))}/s; reading all of it again\n`,
  )
  const result = await reconcile(expected, { url: fabric.url, httpIds: receiver.ids, sseIds: sse.ids, file })
  await sse.close()

  print(result)
  console.log(`\nposts tried again            ${number(retried)} (same delivery id)`)
  console.log(
    `http output redelivered      ${number(receiver.redelivered())} (same id, dropped by the receiver)`,
  )
  console.log(`sse reader reconnected       ${number(sse.reconnects())}`)
  console.log(`fabric killed                ${number(fabric.kills)}`)
  const sum = (field: 'lost' | 'duplicated'): number => result.rows.reduce((all, row) => all + row[field], 0)
  const ok = holds(result)
  const verdict = `lost ${sum('lost')}  duplicated ${sum('duplicated')}`
  console.log(`\n${ok ? good(verdict) : bad(verdict)}`)
  return ok
}

/** Kills a process `kills` times, at random moments while posts go in, and starts it again; each in its turn. */
async function killAlong(
  kills: number,
  total: number,
  posted: () => number,
  { members }: Fleet,
): Promise<void> {
  for (let n = 0; n < kills; n++) {
    // Somewhere in the n-th part of the deliveries, so that every kill is under traffic.
    const at = ((n + 0.1 + Math.random() * 0.8) / kills) * total
    while (posted() < at) await sleep(5)
    await sleep(Math.random() * 20)
    const one = members[(n + 1) % members.length]!
    await one.kill()
    await one.start()
  }
}

interface Parts {
  readonly fabric: Fleet
  readonly receiver: Stage['receiver']
  readonly sse: ReturnType<typeof startSseReader>
}

/** Waits until as much has come out as went in. Whether it is the right thing is found out later. */
async function settled(expected: Expected, deliveries: readonly Delivery[], parts: Parts): Promise<void> {
  const { fabric, receiver, sse } = parts
  const wanted = {
    http: expected.topics['github.issues']!.size,
    sse: expected.topics['github.code']!.size,
    counted: [...expected.counts.values()].reduce((sum, value) => sum + value, 0),
  }
  let last = ''
  let moved = performance.now()
  for (;;) {
    const counted = await countedSoFar(fabric.url)
    const { pending, lag } = await fabric.metrics()
    const now = JSON.stringify([receiver.ids.size, sse.ids.size, counted, pending, lag])
    if (
      receiver.ids.size >= wanted.http &&
      sse.ids.size >= wanted.sse &&
      counted >= wanted.counted &&
      lag + pending === 0
    )
      return
    if (now !== last) moved = performance.now()
    last = now
    // What is missing then is shown by the reconciliation.
    if (performance.now() - moved > patience) {
      console.error(
        `nothing has moved for ${patience / 1000} s, after ${deliveries.length} deliveries: ${now}\n${fabric.lastWords}`,
      )
      return
    }
    await sleep(100)
  }
}

async function countedSoFar(url: string): Promise<number> {
  const response = await fetch(`${url}/topics/github.counts/events?from=earliest`, {
    headers: { accept: 'application/x-ndjson' },
  })
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return lines
    .map((line) => (JSON.parse(line) as { event?: { data: { value: number } } }).event?.data.value ?? 0)
    .reduce((sum, value) => sum + value, 0)
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

function print({ rows, repositories, windows }: Reconciliation): void {
  const widths = [24, 10, 10, 6, 11]
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, n) =>
        typeof cell === 'number'
          ? number(cell).padStart(widths[n]!)
          : n === 0
            ? cell.padEnd(widths[n]!)
            : cell.padStart(widths[n]!),
      )
      .join('  ')
  console.log(bold(line(['reconciliation', 'expected', 'found', 'lost', 'duplicated'])))
  for (const row of rows)
    console.log(line([row.what, row.expected, row.found, row.lost, row.duplicated + row.foreign]))
  console.log(`\n${repositories} repositories counted in ${windows} windows`)
}

process.exitCode = (await main()) ? 0 : 1
