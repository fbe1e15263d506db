import { HeddleError } from '@heddle/core'
import type { ScheduleContext } from './options.ts'

/** What is known of a topic that events are scheduled for. */
export interface Target {
  readonly maxRecordBytes: number
}

/** Most topics that are remembered. */
const maxKnown = 10_000

/** The topics that events are scheduled for, remembered for a moment. */
export class Targets {
  readonly #context: ScheduleContext
  readonly #known = new Map<string, { readonly target: Target; readonly until: number }>()

  constructor(context: ScheduleContext) {
    this.#context = context
  }

  /** @throws HEDDLE_LOG_UNKNOWN_TOPIC */
  find(topic: string): Target | Promise<Target> {
    const known = this.#known.get(topic)
    return known && known.until > this.#context.clock.now() ? known.target : this.#describe(topic)
  }

  async #describe(topic: string): Promise<Target> {
    const { clock, log, topicMs } = this.#context
    const target = await log.describeTopic(topic)
    if (!target) {
      this.#known.delete(topic)
      throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${topic}'`)
    }
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.set(topic, { target, until: clock.now() + topicMs })
    return target
  }
}
