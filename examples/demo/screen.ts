import { styleText } from 'node:util'

/** What is shown while events flow. */
export interface Progress {
  readonly posted: number
  readonly total: number
  readonly http: number
  readonly sse: number
  readonly kills: number
}

/** How often the live line is drawn, in ms: on a terminal in place, elsewhere a line a few seconds apart. */
const terminalMs = 200
const plainMs = 3_000

/** The live line of the demo: where each number stands, and how fast it grows. */
export class Screen {
  readonly #live = process.stdout.isTTY && process.env['CI'] === undefined
  readonly #progress: () => Progress
  #timer: NodeJS.Timeout | undefined
  #last: { at: number; posted: number } | undefined

  constructor(progress: () => Progress) {
    this.#progress = progress
  }

  start(): void {
    this.#timer = setInterval(() => this.#draw(), this.#live ? terminalMs : plainMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#draw()
    if (this.#live) process.stdout.write('\n')
  }

  /** A line that stays. */
  say(line: string): void {
    process.stdout.write(this.#live ? `\r\x1b[2K${line}\n` : `${line}\n`)
  }

  #draw(): void {
    const { posted, total, http, sse, kills } = this.#progress()
    const now = performance.now()
    const rate = this.#last ? ((posted - this.#last.posted) / (now - this.#last.at)) * 1000 : 0
    this.#last = { at: now, posted }
    const done = Math.floor((posted / total) * 24)
    const bar = this.#live ? `${'█'.repeat(done)}${'░'.repeat(24 - done)} ` : ''
    const line = [
      `${bar}in ${number(posted)}/${number(total)}`,
      `${number(Math.round(rate))}/s`,
      `out http ${number(http)}`,
      `sse ${number(sse)}`,
      ...(kills > 0 ? [`killed ${kills}×`] : []),
    ].join('  ')
    process.stdout.write(this.#live ? `\r\x1b[2K${line}` : `${line}\n`)
  }
}

export const number = (value: number): string => value.toLocaleString('en-US')
export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout })
export const good = (text: string): string => styleText('green', text, { stream: process.stdout })
export const bad = (text: string): string => styleText('red', text, { stream: process.stdout })
