import {
  type Appended,
  type Clock,
  HeddleError,
  type Log,
  type NewSchedule,
  type PreparedSchedule,
  type Schedule,
  type ScheduleDetails,
  type SchedulePage,
  type ScheduleQuery,
  type ScheduleTiming,
  type Scheduled,
  type Schedules,
  recordIdentity,
  systemClock,
} from '@heddle/core'
import { decodeEntry, encodeEntry, entryOf, recordIn } from './entry.ts'
import { Keepers } from './keepers.ts'
import { checkId, givenId, isKnownAs, schedulesTopic } from './names.ts'
import { type ScheduleContext, type SchedulesOptions, defaultScheduleSettings } from './options.ts'
import { mergePages, readCursor } from './page.ts'
import { Questions } from './questions.ts'
import { type Answer, requestRecord } from './request.ts'
import { type Target, Targets } from './targets.ts'
import { checkTiming, firstTime } from './timing.ts'

/** Most schedules of one page. */
const maxPage = 1_000

const defaultPage = 100

/**
 * Schedules on a log. Each process that has them open takes its share in keeping them, from the first one on.
 *
 * @example
 * const schedules = createSchedules({ log })
 * const timing = { cron: '0 9 * * MON-FRI', timeZone: 'Europe/Berlin' }
 * const [{ id }] = await schedules.add([{ topic: 'reports', record: toRecord(event), timing }])
 * await schedules.cancel(id)
 */
export function createSchedules(options: SchedulesOptions): Schedules {
  return new LogSchedules(options)
}

class LogSchedules implements Schedules {
  readonly #log: Log
  readonly #clock: Clock
  readonly #context: ScheduleContext
  readonly #keepers: Keepers
  readonly #questions: Questions
  readonly #targets: Targets
  /** No two processes give the same ids. */
  readonly #instance = crypto.randomUUID().slice(0, 8)
  /** Of the last one that was accepted. */
  #place = 0

  constructor({ clock = systemClock, ...options }: SchedulesOptions) {
    this.#log = options.log
    this.#clock = clock
    this.#context = { ...defaultScheduleSettings, ...options, clock }
    this.#keepers = new Keepers(this.#context)
    this.#questions = new Questions(this.#context)
    this.#targets = new Targets(this.#context)
  }

  async add(
    schedules: readonly NewSchedule[],
    { once = false }: { readonly once?: boolean } = {},
  ): Promise<readonly Scheduled[]> {
    const prepared: PreparedSchedule[] = []
    for (const schedule of schedules) {
      const ready = this.#ready(schedule.topic)
      prepared.push(this.#prepare(schedule, ready instanceof Promise ? await ready : ready))
    }
    const records = prepared.map(({ record }) => record)
    const appended = await this.#log.append(schedulesTopic, records, { dedupe: once })
    return Promise.all(
      prepared.map(async ({ at, id }, index): Promise<Scheduled> => {
        const place = appended[index]!
        return place.duplicate ? this.#first(place) : { id, at }
      }),
    )
  }

  async prepare(schedule: NewSchedule): Promise<PreparedSchedule> {
    return this.#prepare(schedule, await this.#ready(schedule.topic))
  }

  async list({ after, limit = defaultPage, topic }: ScheduleQuery = {}): Promise<SchedulePage> {
    if (!(await this.#keepers.exist())) return { schedules: [] }
    const most = Math.min(maxPage, limit)
    const question = {
      verb: 'list',
      limit: most,
      ...(topic !== undefined && { topic }),
      ...(after !== undefined && { after: readCursor(after) }),
    } as const
    return mergePages(await this.#questions.ask(question), most)
  }

  async count(): Promise<number> {
    if (!(await this.#keepers.exist())) return 0
    const answers = await this.#questions.ask({ verb: 'count' })
    return answers.reduce((sum, { count = 0 }) => sum + count, 0)
  }

  async show(id: string): Promise<ScheduleDetails> {
    const { entry, found } = await this.#find({ verb: 'show', id })
    return { ...found, record: recordIn(decodeEntry(Buffer.from(entry!, 'base64'))) }
  }

  async cancel(id: string): Promise<Schedule> {
    return (await this.#find({ verb: 'cancel', id })).found
  }

  async move(id: string, to: Pick<ScheduleTiming, 'at' | 'afterMs'>): Promise<Schedule> {
    checkTiming(to)
    const at = firstTime(to, this.#clock.now())
    return (await this.#find({ verb: 'move', id, at })).found
  }

  async close(): Promise<void> {
    this.#questions.close()
    await this.#keepers.close()
  }

  /** What is there for schedules to a topic; at once where it is known. */
  #ready(topic: string): Target | Promise<Target> {
    const target = this.#targets.find(topic)
    if (!(target instanceof Promise) && this.#keepers.open) return target
    return (async () => {
      const found = await target
      if (!this.#keepers.open) await this.#keepers.begin()
      return found
    })()
  }

  #prepare(
    { expiresAfterMs, id, record, timing, topic }: NewSchedule,
    { maxRecordBytes }: Target,
  ): PreparedSchedule {
    checkTiming(timing)
    if (id !== undefined) checkId(id)
    const createdAt = this.#clock.now()
    const at = firstTime(timing, createdAt)
    // In the order of acceptance, also after a restart: a thousandth of a millisecond for each.
    const place = (this.#place = Math.max(this.#place + 1, createdAt * 1000))
    const known = id ?? givenId(at, place, this.#instance)
    const facts = {
      id: known,
      topic,
      createdAt,
      place,
      timing,
      sent: 0,
      ...(expiresAfterMs !== undefined && { expiresAfterMs }),
    }
    const value = encodeEntry(entryOf(record, at, facts))
    const max = Math.min(maxRecordBytes, this.#context.maxBytes)
    if (value.length > max)
      throw new HeddleError(
        'HEDDLE_LOG_RECORD_TOO_LARGE',
        `a schedule has ${value.length} bytes with its event, and at most ${max} are taken`,
        { info: { bytes: value.length, max } },
      )
    const identity = `${topic}\n${recordIdentity(record.headers ?? []) ?? known}`
    const request = requestRecord('set', `${identity}\n${id ?? ''}\n${JSON.stringify(timing)}`, value)
    // With those of its key, so that their order stays, and repeats with the first; a chosen id is found in the same place.
    const key = id ?? record.key ?? identity
    return { id: known, at, topic: schedulesTopic, record: { ...request, key } }
  }

  /** What was accepted there. */
  async #first({ offset, partition }: Appended): Promise<Scheduled> {
    const place = { topic: schedulesTopic, partition, offset }
    const [fetched] = await this.#log.read([place], { maxRecords: 1 })
    const { at, facts } = decodeEntry(fetched!.records[0]!.value!)
    return { id: facts.id, at, duplicate: true }
  }

  async #find(
    question:
      | { readonly verb: 'cancel' | 'show'; readonly id: string }
      | { verb: 'move'; id: string; at: number },
  ): Promise<Answer & { readonly found: Schedule }> {
    const unknown = (): HeddleError => new HeddleError('HEDDLE_SCHEDULE_UNKNOWN', `'${question.id}'`)
    if (!isKnownAs(question.id) || !(await this.#keepers.exist())) throw unknown()
    const answers = await this.#questions.ask(question, ({ found }) => found !== undefined)
    const answer = answers.find(({ found }) => found !== undefined)
    if (!answer) throw unknown()
    return answer as Answer & { readonly found: Schedule }
  }
}
