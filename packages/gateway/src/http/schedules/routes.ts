/**
 * `/schedules`: events that are sent later, to be looked at, cancelled and moved. They are made by publishing: see
 * `deliver-later.ts`.
 *
 * @module
 */
import {
  HeddleError,
  type Principal,
  type Resource,
  type Schedule,
  type ScheduleTiming,
  type Schedules,
} from '@heddle/core'
import { eventJson } from '../../cloudevents/event-json.ts'
import type { GatewayContext } from '../context.ts'
import { jsonContent, query, ref } from '../openapi/parts.ts'
import { one, whole } from '../read/start.ts'
import { type GatewayRequest, type Params, type Route, sendJson, sendJsonText } from '../routes/route.ts'
import { bodyObject } from '../routes/topics.ts'
import { durationOf, timeOf } from './deliver-later.ts'

/** Most schedules of one page. */
const maxPage = 1_000

const tags = ['schedules']
const problems = ['HEDDLE_SCHEDULE_UNANSWERED']
const scheduleResource = (params: Params): Resource => ({ type: 'schedule', name: params['schedule'] ?? '*' })
const parameters = [
  { name: 'schedule', in: 'path', required: true, description: 'Its id', schema: { type: 'string' } },
]
const answer = (description: string, schema: string): Record<string, object> => ({
  200: { description, ...jsonContent(ref(schema)) },
})

const idOf = (request: GatewayRequest): string => request.params['schedule']!

/** The routes of schedules. */
export function scheduleRoutes({ access }: GatewayContext, schedules: Schedules): Route[] {
  /** Who may not publish to a topic may not decide what is sent there, either. */
  const allow = async (principal: Principal, id: string): Promise<void> => {
    if (access.open) return
    const { topic } = await schedules.show(id)
    await access.allow(principal, 'publish', { type: 'topic', name: topic })
  }
  return [
    {
      method: 'GET',
      path: '/schedules',
      action: 'describe',
      resource: scheduleResource,
      operation: {
        operationId: 'listSchedules',
        tags,
        summary: 'Schedules that wait, a page at a time, those that are due first before the others',
        parameters: [
          query('topic', 'Only those that are sent there', { type: 'string' }),
          query('after', '`next` of the page before', { type: 'string' }),
          query('limit', 'Most of the page. Default 100', { type: 'integer', minimum: 1, maximum: maxPage }),
        ],
        responses: answer('The page', 'SchedulePage'),
        problems: [...problems, 'HEDDLE_SCHEDULE_INVALID'],
      },
      handle: async ({ query: given }, reply) => {
        const [topic, after] = [one(given, 'topic'), one(given, 'after')]
        const limit = whole(given, 'limit', maxPage, 1)
        const page = await schedules.list({
          ...(topic !== undefined && { topic }),
          ...(after !== undefined && { after }),
          ...(limit !== undefined && { limit }),
        })
        sendJson(reply, 200, { ...page, schedules: page.schedules.map(shown) })
      },
    },
    {
      method: 'GET',
      path: '/schedules/count',
      action: 'describe',
      resource: scheduleResource,
      operation: {
        operationId: 'countSchedules',
        tags,
        summary: 'How many schedules wait',
        responses: answer('The number', 'ScheduleCount'),
        problems,
      },
      handle: async (_, reply) => sendJson(reply, 200, { count: await schedules.count() }),
    },
    {
      method: 'GET',
      path: '/schedules/{schedule}',
      action: 'read',
      resource: scheduleResource,
      operation: {
        operationId: 'showSchedule',
        tags,
        summary: 'A schedule, with its event',
        parameters,
        responses: answer('The schedule', 'ScheduleDetails'),
        problems: [...problems, 'HEDDLE_SCHEDULE_UNKNOWN'],
      },
      handle: async (request, reply) => {
        const { record, ...schedule } = await schedules.show(idOf(request))
        const { createdAt: timestamp, topic } = schedule
        if (!access.open) await access.allow(request.principal, 'read', { type: 'topic', name: topic })
        const event = eventJson({ ...record, offset: 0, timestamp }, { topic, partition: 0 })
        sendJsonText(reply, 200, `${JSON.stringify(shown(schedule)).slice(0, -1)},"event":${event}}`)
      },
    },
    {
      method: 'PATCH',
      path: '/schedules/{schedule}',
      action: 'operate',
      resource: scheduleResource,
      operation: {
        operationId: 'moveSchedule',
        tags,
        summary: 'Send it at another time; what repeats goes on from there',
        parameters,
        requestBody: { required: true, ...jsonContent(ref('ScheduleMove')) },
        responses: answer('The schedule as it is now', 'Schedule'),
        problems: [...problems, 'HEDDLE_SCHEDULE_UNKNOWN', 'HEDDLE_SCHEDULE_INVALID'],
      },
      handle: async (request, reply) => {
        const to = moveOf(bodyObject(request.body))
        await allow(request.principal, idOf(request))
        sendJson(reply, 200, shown(await schedules.move(idOf(request), to)))
      },
    },
    {
      method: 'DELETE',
      path: '/schedules/{schedule}',
      action: 'operate',
      resource: scheduleResource,
      operation: {
        operationId: 'cancelSchedule',
        tags,
        summary: 'Cancel a schedule: when it is answered the event is not sent any more',
        parameters,
        responses: answer('The schedule as it was', 'Schedule'),
        problems: [...problems, 'HEDDLE_SCHEDULE_UNKNOWN'],
      },
      handle: async (request, reply) => {
        await allow(request.principal, idOf(request))
        sendJson(reply, 200, shown(await schedules.cancel(idOf(request))))
      },
    },
  ]
}

/** A schedule in the words in which it was asked for. */
function shown({ at, timing, ...schedule }: Schedule): object {
  const { afterMs, cron, everyMs, timeZone, times } = timing
  return {
    ...schedule,
    deliverat: new Date(at).toISOString(),
    ...(afterMs !== undefined && { deliverafter: afterMs }),
    ...(cron !== undefined && { delivercron: cron }),
    ...(timeZone !== undefined && { deliverzone: timeZone }),
    ...(everyMs !== undefined && { deliverevery: everyMs }),
    ...(times !== undefined && { delivertimes: times }),
  }
}

/** @throws HEDDLE_SCHEDULE_INVALID */
function moveOf(body: Readonly<Record<string, unknown>>): Pick<ScheduleTiming, 'at' | 'afterMs'> {
  const { deliverafter, deliverat, ...others } = body
  const [more] = Object.keys(others)
  if (more !== undefined) throw invalid(`there is no '${more}': give deliverat or deliverafter`)
  return {
    ...(deliverat !== undefined && { at: timeOf(textOf(deliverat, 'deliverat'), 'deliverat') }),
    ...(deliverafter !== undefined && {
      afterMs: durationOf(textOf(deliverafter, 'deliverafter'), 'deliverafter'),
    }),
  }
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw invalid(`${name} is a text or a number`)
}

const invalid = (why: string): HeddleError => new HeddleError('HEDDLE_SCHEDULE_INVALID', why)
