import { HeddleError, type LogRecord, type Schedule, type Transaction } from '@heddle/core'
import { type Entry, encodeEntry, scheduleOf } from './entry.ts'
import { isKnownAs } from './names.ts'
import { type Answer, type Request, readRequest } from './request.ts'
import type { Change, Timetable } from './timetable.ts'
import { checkTiming, lastTime } from './timing.ts'

export interface TakenIn {
  readonly answers: readonly Answer[]
  /** Why requests were left out. */
  readonly failures: readonly unknown[]
  /** Of the first one that was not looked at. */
  readonly offset: number
}

/** Most schedules that a page looks at: those of one topic may be few among many. */
const maxLookedAt = 5_000

/** About how large an answer may be, in characters: attributes of events may be long. */
const maxAnswerBytes = 512 * 1024

/** Does what is asked for, in the order in which it was asked. */
export class Register {
  readonly #timetable: Timetable
  readonly #partition: number

  constructor(timetable: Timetable, partition: number) {
    this.#timetable = timetable
    this.#partition = partition
  }

  /** @param next Where the log goes on behind the records. */
  takeIn(transaction: Transaction, records: readonly LogRecord[], next: number): TakenIn {
    const change = this.#timetable.change(transaction)
    const answers: Answer[] = []
    const failures: unknown[] = []
    for (const record of records) {
      let request: Request
      try {
        request = readRequest(record)
        if (request.verb === 'set') checkEntry(request.entry)
      } catch (error) {
        failures.push(error)
        continue
      }
      // It sees what is committed only: what came before it goes first.
      if ((request.verb === 'list' || request.verb === 'count') && !change.empty) {
        change.end()
        return { answers, failures, offset: record.offset }
      }
      if (request.verb === 'set') change.set(request.entry, record.value!)
      else
        answers.push({
          request: request.request,
          partition: this.#partition,
          ...this.#answer(change, request),
        })
    }
    change.end()
    return { answers, failures, offset: next }
  }

  #answer(change: Change, request: Exclude<Request, { verb: 'set' }>): Omit<Answer, 'request' | 'partition'> {
    switch (request.verb) {
      case 'cancel': {
        const found = change.cancel(request.id)
        return found ? { found: scheduleOf(found) } : {}
      }
      case 'move': {
        const found = change.find(request.id)
        if (!found) return {}
        const moved = { ...found, at: request.at }
        change.remove(found)
        change.put(moved)
        return { found: scheduleOf(moved) }
      }
      case 'show': {
        const found = change.find(request.id)
        return found ? { found: scheduleOf(found), entry: encodeEntry(found).toString('base64') } : {}
      }
      case 'count':
        return { count: this.#timetable.size }
      case 'list':
        return this.#list(request)
    }
  }

  #list({ after = 't/', limit, topic }: Extract<Request, { verb: 'list' }>): Pick<Answer, 'listed' | 'more'> {
    const listed: (readonly [string, Schedule])[] = []
    let lookedAt = 0
    let bytes = 0
    let last = after
    for (const [key, entry] of this.#timetable.after(after, maxLookedAt)) {
      if (listed.length === limit || bytes > maxAnswerBytes) return { listed, more: last }
      lookedAt++
      last = key
      if (topic !== undefined && entry.facts.topic !== topic) continue
      const schedule = scheduleOf(entry)
      bytes += JSON.stringify(schedule).length
      listed.push([key, schedule])
    }
    return lookedAt >= maxLookedAt ? { listed, more: last } : { listed }
  }
}

/** @throws HEDDLE_SCHEDULE_INVALID for what was written by somebody else. */
function checkEntry({ at, facts }: Entry): void {
  if (
    !isKnownAs(facts.id) ||
    typeof facts.topic !== 'string' ||
    !(facts.place >= 0) ||
    !(at >= 0 && at <= lastTime)
  )
    throw new HeddleError('HEDDLE_SCHEDULE_INVALID', `an entry with the id '${facts.id}'`)
  checkTiming(facts.timing)
}
