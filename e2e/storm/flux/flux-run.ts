import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '@heddle/core'

const pollMs = 100
const count = 50

/** The Flux file of the tests, with its values, and what comes of it. */
export class FluxRun implements Disposable {
  readonly file = fileURLToPath(new URL('squares.yaml', import.meta.url))
  readonly filter: string
  readonly env: NodeJS.ProcessEnv
  readonly folder: string
  readonly #out: string

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'heddle-flux-'))
    this.#out = join(this.folder, 'out')
    this.filter = join(this.folder, 'test.properties')
    writeFileSync(this.filter, 'timeout=60\n')
    this.env = { FLUX_OUT: this.#out }
  }

  /** Waits until every number has come out; at least once, as such files are on Storm, too. */
  async squares(): Promise<readonly (readonly [n: number, square: number])[]> {
    for (;;) {
      const lines = existsSync(this.#out) ? readFileSync(this.#out, 'utf8').trim().split('\n') : []
      const found = new Map(lines.filter(Boolean).map((line) => JSON.parse(line) as [number, number]))
      if (found.size >= count) return [...found].sort(([a], [b]) => a - b)
      await sleep(systemClock, pollMs)
    }
  }

  readonly expected = Array.from({ length: count }, (_, n) => [n, n * n] as const);

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}
