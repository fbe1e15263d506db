import { styleText } from 'node:util'
import { type Plan, type TopologyMetrics, drawTree } from 'heddle'

/** Where things stand now. */
export interface Progress {
  readonly posted: number
  readonly total: number
  readonly http: number
  readonly sse: number
  readonly kills: number
}

export interface ScreenSources {
  readonly plan: Plan
  readonly progress: () => Progress
  /** Figures of the running topology; `undefined` while the fabric is away. */
  readonly metrics: () => Promise<TopologyMetrics | undefined>
}

/** How often the picture is drawn, in ms: on a terminal in place, elsewhere one line a few seconds apart. */
const terminalMs = 500
const plainMs = 3_000

/** The live picture of the demo: the topology with the rate of each component, and one line of totals. */
export class Screen {
  readonly #live = process.stdout.isTTY && process.env['CI'] === undefined
  readonly #sources: ScreenSources
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** Lines of the picture that stand above the cursor. */
  #drawn = 0
  #at = performance.now()
  #posted = 0
  #executed = new Map<string, number>()

  constructor(sources: ScreenSources) {
    this.#sources = sources
  }

  start(): void {
    if (!this.#live) this.say(`${bold('the topology')}\n\n${drawTree(this.#sources.plan)}`)
    this.#next()
  }

  #next(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(
      () => void this.#draw().then(() => this.#next()),
      this.#live ? terminalMs : plainMs,
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#draw()
  }

  /** Lines that stay. */
  say(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  async #draw(): Promise<void> {
    const seconds = (performance.now() - this.#at) / 1000
    this.#at += seconds * 1000
    const totals = this.#totals(seconds)
    if (!this.#live) return this.say(totals)

    const rates = this.#rates(await this.#sources.metrics(), seconds)
    const width = Math.min(110, process.stdout.columns)
    const picture = drawTree(this.#sources.plan, { width, note: ({ id }) => rates.get(id) ?? '' })
    const lines = [...picture.split('\n'), totals]
    // A picture that does not fit would scroll away from under the cursor.
    const shown = lines.length < process.stdout.rows ? lines : [totals]
    process.stdout.write(this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '')
    process.stdout.write(shown.map((line) => `\x1b[2K${line}\n`).join(''))
    this.#drawn = shown.length
  }

  #totals(seconds: number): string {
    const { posted, total, http, sse, kills } = this.#sources.progress()
    const rate = Math.round((posted - this.#posted) / seconds)
    this.#posted = posted
    const killed = kills > 0 ? `  killed ${kills}×` : ''
    return `in ${number(posted)}/${number(total)}, ${number(rate)}/s  out http ${number(http)}  sse ${number(sse)}${killed}`
  }

  /** What each component executed, or emitted if it is a source, in a second. */
  #rates(metrics: TopologyMetrics | undefined, seconds: number): ReadonlyMap<string, string> {
    const rates = new Map<string, string>()
    for (const { component, kind, emitted, executed } of metrics?.components ?? []) {
      const now = kind === 'spout' ? emitted : executed
      const before = this.#executed.get(component) ?? 0
      this.#executed.set(component, now)
      // After a kill the count begins anew.
      rates.set(component, `${number(Math.round(Math.max(0, now - before) / seconds))}/s`)
    }
    return rates
  }
}

export const number = (value: number): string => value.toLocaleString('en-US')
export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout })
export const good = (text: string): string => styleText('green', text, { stream: process.stdout })
export const bad = (text: string): string => styleText('red', text, { stream: process.stdout })
