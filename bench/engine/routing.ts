import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, cel, event, otherwise, toRecord, topic, topology } from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openEmbeddedLog } from '@heddle/log/embedded'
import { type Payload, recordedPayloads } from '../../examples/demo/payloads.ts'
import type { Report } from '../lib/figure.ts'
import { scratch, sideBySide } from '../lib/measure.ts'
import { peer } from '../lib/peer.ts'
import { benthos, routeWithBenthos } from './benthos.ts'

const events = 20_000
const rounds = 5
/** How long a round may take, in milliseconds. */
const patienceMs = 60_000

type Webhook = Payload['payload']

/** Ten rules; `benthos/routes.yaml` has the same, in the same order. */
const conditions = {
  security: cel`has(event.data.alert)`,
  opened: cel`event.type == 'issues' && event.data.action == 'opened'`,
  issues: cel`event.type in ['issues', 'issue_comment', 'label', 'milestone']`,
  closed: cel`event.type == 'pull_request' && event.data.action == 'closed'`,
  reviews: cel`event.type.startsWith('pull_request')`,
  pushes: cel`event.type == 'push' && event.data.ref.endsWith('/master')`,
  passed: cel`has(event.data.check_run) && has(event.data.check_run.conclusion) && event.data.check_run.conclusion == 'success'`,
  checks: cel`event.type.startsWith('check_') || event.type.startsWith('workflow_') || event.type == 'status'`,
  stars: cel`event.type in ['star', 'watch', 'fork']`,
  octocoders: cel`has(event.data.organization) && event.data.organization.login == 'Octocoders'`,
  rest: otherwise,
} as const
const outputs = Object.keys(conditions)

const routes = (round: number) =>
  topology(`routes-${round}`, { guarantee: 'exactly-once' })
    .from(topic<Webhook>('webhooks'))
    .route(conditions, {
      security: (s) => s.to(topic(`security-${round}`)),
      opened: (s) => s.to(topic(`opened-${round}`)),
      issues: (s) => s.to(topic(`issues-${round}`)),
      closed: (s) => s.to(topic(`closed-${round}`)),
      reviews: (s) => s.to(topic(`reviews-${round}`)),
      pushes: (s) => s.to(topic(`pushes-${round}`)),
      passed: (s) => s.to(topic(`passed-${round}`)),
      checks: (s) => s.to(topic(`checks-${round}`)),
      stars: (s) => s.to(topic(`stars-${round}`)),
      octocoders: (s) => s.to(topic(`octocoders-${round}`)),
      rest: (s) => s.to(topic(`rest-${round}`)),
    })

/** The recorded webhooks of the demo, over and over, with ids of their own. */
function webhooks() {
  const payloads = recordedPayloads()
  return Array.from({ length: events }, (_, n) => {
    const { event: type, payload } = payloads[n % payloads.length]!
    return event({ id: `delivery-${n}`, source: '/github', type, data: payload })
  })
}

/** How many events there are for each output. */
type Counts = Readonly<Record<string, number>>

async function countTopics(log: Log, round: number): Promise<Counts> {
  const counts: Record<string, number> = {}
  for (const name of outputs) {
    if (!(await log.describeTopic(`${name}-${round}`))) continue
    for (const { latest, earliest } of await log.partitions(`${name}-${round}`))
      counts[name] = (counts[name] ?? 0) + latest - earliest
  }
  return counts
}

function countFiles(folder: string): Counts {
  const counts: Record<string, number> = {}
  for (const name of readdirSync(folder))
    counts[name] = readFileSync(join(folder, name), 'latin1').split('\n').filter(Boolean).length
  return counts
}

const total = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0)

/** Ten rules over real webhooks: ours from topic to topics, exactly once and on disk, and Benthos from file to files. */
export async function routing(report: Report): Promise<void> {
  const program = await peer('Benthos', benthos)
  if (program === undefined) return
  await scratch(async (folder) => {
    const all = webhooks()
    const input = join(folder, 'webhooks.jsonl')
    writeFileSync(input, all.map((each) => `${JSON.stringify(each)}\n`).join(''))
    const nothing = join(folder, 'nothing.jsonl')
    writeFileSync(nothing, '')

    const log = await openEmbeddedLog({ path: join(folder, 'log') })
    await log.createTopic({ name: 'webhooks', partitions: 4 })
    for (let at = 0; at < events; at += 500)
      await log.append(
        'webhooks',
        all.slice(at, at + 500).map((each) => toRecord(each)),
      )
    const engine = localEngine({ log })
    let round = 0
    let routed: Counts = {}
    const ours = async (): Promise<number> => {
      round++
      const began = performance.now()
      await engine.submit(routes(round))
      // Records are seen when they are committed, and on disk.
      while (
        total((routed = await countTopics(log, round))) < events &&
        performance.now() - began < patienceMs
      )
        await sleep(5)
      const ms = performance.now() - began
      await engine.kill(`routes-${round}`)
      return (events / ms) * 1000
    }
    let theirs: Counts = {}
    const reference = async (): Promise<number> => {
      const output = join(folder, `files-${round}`)
      mkdirSync(output, { recursive: true })
      const started = await routeWithBenthos(program, nothing, join(folder, 'none'))
      const ms = await routeWithBenthos(program, input, output)
      theirs = countFiles(output)
      return (events / (ms - started)) * 1000
    }
    const measured = await sideBySide(rounds, { ours, reference })
    for (const name of outputs)
      if (routed[name] !== theirs[name])
        throw new Error(`${name}: ${routed[name]} events here, and ${theirs[name]} of Benthos`)
    await engine.close()
    await log.close()
    report({
      figure: 'webhooks by ten rules: Benthos',
      unit: 'events/s',
      ...measured,
      atLeast: 1.5,
      conditions: {
        events: `${events} recorded webhooks of GitHub, 10 KB each`,
        ours: 'CEL, topic to 11 topics, exactly-once, committed and synced to disk; one core',
        against: 'Benthos 4.70.0, Bloblang, file to 11 files, nothing synced, all cores, its start taken off',
        rounds: measured.rounds,
      },
    })
  })
}
