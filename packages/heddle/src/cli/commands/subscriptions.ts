import {
  type Duration,
  HeddleError,
  type PushStatus,
  type Subscription,
  type SubscriptionStatus,
  milliseconds,
} from '@heddle/core'
import { duration } from '../../draw/describe.ts'
import { type RemoteOptions, call, segment } from '../api.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson, printTable, style } from '../output.ts'

interface SubscriptionFlags extends RemoteOptions {
  readonly topic?: readonly string[]
  readonly from?: string
  readonly filter?: string
  readonly order?: string
  readonly lease?: Duration
  readonly maxInFlight?: string
  readonly attempts?: string
  readonly delays?: string
  readonly within?: Duration
  readonly maxAge?: Duration
  readonly expired?: string
  readonly push?: string
  readonly secret?: readonly string[]
  readonly header?: readonly string[]
  readonly timeout?: Duration
  readonly concurrency?: string
}

interface PullFlags extends RemoteOptions {
  readonly max: string
  readonly wait: Duration
  readonly ack?: boolean
}

interface Pulled {
  readonly events: readonly {
    readonly lease: string
    readonly attempt: number
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly event: object
  }[]
}

const pathOf = (name: string): string => `/subscriptions/${segment(name)}`

/** `heddle subscriptions list` */
export async function listSubscriptions({ url, json = false }: RemoteOptions): Promise<void> {
  const { subscriptions } = await call<{ subscriptions: Subscription[] }>(url, 'GET', '/subscriptions')
  if (json) return printJson(subscriptions)
  if (subscriptions.length === 0)
    return print("there are no subscriptions; 'heddle subscriptions create NAME --topic TOPIC' makes one")
  printTable(
    ['SUBSCRIPTION', 'TOPICS', 'ORDER', 'FILTER'],
    subscriptions.map(({ name, topics, order, filter, suspended }) => [
      suspended ? `${name} (suspended)` : name,
      topics.join(', '),
      order,
      filter ?? '',
    ]),
  )
}

/** `heddle subscriptions create` */
export async function createSubscription(name: string, flags: SubscriptionFlags): Promise<void> {
  const body = { ...settingsOf(flags), ...(flags.from !== undefined && { from: startOf(flags.from) }) }
  show(await call<Subscription>(flags.url, 'PUT', pathOf(name), body), flags)
}

/** `heddle subscriptions alter` */
export async function alterSubscription(name: string, flags: SubscriptionFlags): Promise<void> {
  const changes = settingsOf(flags)
  if (Object.keys(changes).length === 0)
    throw new HeddleError('HEDDLE_CONFIG_INVALID', 'nothing to change: --help shows what can be')
  show(await call<Subscription>(flags.url, 'PATCH', pathOf(name), changes), flags)
}

/** `heddle subscriptions suspend` and `resume` */
export async function suspendSubscription(
  name: string,
  suspended: boolean,
  options: RemoteOptions,
): Promise<void> {
  show(await call<Subscription>(options.url, 'PATCH', pathOf(name), { suspended }), options)
}

/** `heddle subscriptions describe` */
export async function describeSubscription(name: string, options: RemoteOptions): Promise<void> {
  const status = await call<SubscriptionStatus>(options.url, 'GET', pathOf(name))
  if (options.json) return printJson(status)
  show(status, options)
  print(
    `${status.backlog} not done; here ${status.leased} given out, ${status.retrying} wait for another attempt`,
  )
  print(`dead letters in ${status.deadLetters}`)
  if (status.pushing) print(pushingText(status.pushing))
}

/** `heddle subscriptions seek` */
export async function seekSubscription(name: string, to: string, options: RemoteOptions): Promise<void> {
  const body = { to: startOf(to) }
  const status = await call<SubscriptionStatus>(options.url, 'POST', `${pathOf(name)}/seek`, body)
  if (options.json) printJson(status)
  else print(`${name} is at ${to}: ${status.backlog} not done`)
}

/** `heddle subscriptions delete` */
export async function deleteSubscription(name: string, { url, json = false }: RemoteOptions): Promise<void> {
  await call(url, 'DELETE', pathOf(name))
  if (json) printJson({ deleted: name })
  else print(`${name} is deleted`)
}

/** `heddle subscriptions pull` */
export async function pullEvents(name: string, { url, json = false, ...flags }: PullFlags): Promise<void> {
  const max = wholeNumber('--max', flags.max)
  const query = `max=${max}&wait=${milliseconds(flags.wait)}`
  const { events } = await call<Pulled>(url, 'POST', `${pathOf(name)}/pull?${query}`)
  for (const one of events) {
    if (json) printJson(one)
    else
      print(
        `${style('dim', `${one.lease} ${one.topic} ${one.partition}:${one.offset}`)} ${JSON.stringify(one.event)}`,
      )
  }
  if (flags.ack !== true || events.length === 0) return
  // After they are printed: what is lost on the way comes again.
  await call(url, 'POST', `${pathOf(name)}/settle`, { ack: events.map(({ lease }) => lease) })
}

function pushingText({ breaker, inFlight, lastFailure, limit }: PushStatus): string {
  const state =
    breaker === 'closed'
      ? `${inFlight} requests under way, of at most ${limit} now`
      : 'its endpoint failed too often, and is left alone for a while'
  const failure = lastFailure
    ? `; last failure at ${new Date(lastFailure.at).toISOString()}: ${lastFailure.reason}`
    : ''
  return `pushing: ${state}${failure}`
}

function settingsOf(flags: SubscriptionFlags): object {
  const { topic, filter, order, lease, maxInFlight, attempts, delays, within, maxAge, expired } = flags
  const retry = {
    ...(attempts !== undefined && { attempts: attempts === '0' ? 0 : wholeNumber('--attempts', attempts) }),
    ...(delays !== undefined && {
      delaysMs: delays.split(',').map((delay) => milliseconds(delay.trim() as Duration)),
    }),
    ...(within !== undefined && { withinMs: milliseconds(within) }),
  }
  return {
    ...(topic !== undefined && { topics: topic }),
    ...(filter !== undefined && { filter }),
    ...(order !== undefined && { order }),
    ...(lease !== undefined && { leaseMs: milliseconds(lease) }),
    ...(maxInFlight !== undefined && { maxInFlight: wholeNumber('--max-in-flight', maxInFlight) }),
    ...(Object.keys(retry).length > 0 && { retry }),
    ...(maxAge !== undefined && { maxAgeMs: milliseconds(maxAge) }),
    ...(expired !== undefined && { expired }),
    ...pushOf(flags),
  }
}

function pushOf({ push: url, secret, header, timeout, concurrency }: SubscriptionFlags): object {
  if (url === 'none') return { push: null }
  const push = {
    ...(url !== undefined && { url }),
    ...(secret !== undefined && { secrets: secret }),
    ...(header !== undefined && { headers: Object.fromEntries(header.map(headerOf)) }),
    ...(timeout !== undefined && { timeoutMs: milliseconds(timeout) }),
    ...(concurrency !== undefined && { concurrency: wholeNumber('--concurrency', concurrency) }),
  }
  return Object.keys(push).length === 0 ? {} : { push }
}

/** `name: value`, as curl has it. */
function headerOf(text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon < 1) throw new HeddleError('HEDDLE_CONFIG_INVALID', `--header '${text}' is no 'name: value'`)
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
}

/** `latest`, `earliest`, a time, or how long ago: '2h'. */
function startOf(text: string): string | number {
  return /^\d+(\.\d+)?[a-z]+$/.test(text) ? Date.now() - milliseconds(text as Duration) : text
}

function show(subscription: Subscription, { json = false }: RemoteOptions): void {
  if (json) return printJson(subscription)
  const { name, topics, filter, order, leaseMs, push, retry, suspended } = subscription
  const attempts = retry.attempts === 0 ? 'tried without end' : `tried ${retry.attempts} times`
  print(
    `${style('bold', name)} takes from ${topics.join(', ')}${filter === undefined ? '' : ` what is ${filter}`}`,
  )
  print(
    `order by ${order}, ${duration(leaseMs)} for each, ${attempts}${suspended ? '; it is suspended' : ''}`,
  )
  if (!push) return
  const { length } = push.secrets
  const signed = length === 0 ? 'not signed' : length === 1 ? 'signed' : `signed with ${length} keys`
  print(`pushed to ${push.url}, ${signed}, at most ${push.concurrency} at once`)
}
