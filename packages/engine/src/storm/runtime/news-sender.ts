import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { type News, againMs } from './news.ts'
import { hearersOf } from './time-sources.ts'

/** Tells transactional components what a task of a spout knows: at once when something is done, and else now and then. */
export class NewsSender {
  /** Somebody hears it. */
  readonly wanted: boolean
  readonly #context: ComponentContext
  readonly #commands: Commands
  #sent = ''
  #sentAt = -Infinity

  constructor(context: ComponentContext, commands: Commands) {
    const { plan, transactional, component } = context
    this.wanted = hearersOf(plan, transactional, component.id).length > 0
    this.#context = context
    this.#commands = commands
  }

  /** It is time to say all again, also of what is idle. */
  get due(): boolean {
    return this.#context.clock.now() - this.#sentAt >= againMs
  }

  /** @param done Is different when more was done. */
  send(news: News, done: string): void {
    if (done === this.#sent && !this.due) return
    this.#sent = done
    this.#sentAt = this.#context.clock.now()
    this.#commands.news(news)
  }
}
