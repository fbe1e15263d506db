import { type Document, type Node, type Pair, isAlias, isMap, isPair, isScalar } from 'yaml'
import { HeddleError } from '../errors.ts'
import type { Mistake } from '../plan/check.ts'
import type { Range, SourceText } from './source-text.ts'

/**
 * Parts of one file that are read at most, those behind an alias counted at each use: a few lines of aliases of aliases would
 * otherwise stand for billions.
 */
const maxParts = 20_000

/** Mistakes that are told at most; the others mostly follow from these. */
const maxMistakes = 50

/** What is read from one file: hands out its parts and gathers all mistakes, so that they can be told at once. */
export class Reader {
  readonly source: SourceText
  readonly #document: Document
  readonly #mistakes: { readonly range: Range; readonly message: string }[] = []
  #parts = 0

  constructor(source: SourceText, document: Document) {
    this.source = source
    this.#document = document
  }

  /** The part itself, where it is an alias of one. */
  resolve(node: unknown): Node | null {
    if (++this.#parts > maxParts)
      throw new HeddleError(
        'HEDDLE_TOPOLOGY_INVALID',
        `${this.source.file}: it has more than ${maxParts} parts`,
      )
    if (!isAlias(node)) return (node ?? null) as Node | null
    return node.resolve(this.#document) ?? null
  }

  mistake(at: Node | Pair | Range | null, message: string): void {
    const range = rangeOf(at)
    const known = this.#mistakes.some((other) => other.range[0] === range[0] && other.message === message)
    if (!known) this.#mistakes.push({ range, message })
  }

  /**
   * Tells what may be wrong only because something else is: nothing, once there is another mistake inside of `within`, or
   * anywhere without it.
   */
  consequence(at: Node | Pair | Range | null, message: string, within?: Node): void {
    const [from, to] = within ? rangeOf(within) : [0, Infinity]
    if (this.#mistakes.some(({ range: [start] }) => start >= from && start < to)) return
    this.mistake(at, message)
  }

  get failed(): boolean {
    return this.#mistakes.length > 0
  }

  /** Mistakes by their place in the file. */
  mistakes(): readonly Mistake[] {
    return this.#mistakes
      .toSorted((a, b) => a.range[0] - b.range[0])
      .slice(0, maxMistakes)
      .map(({ range, message }) => ({
        message,
        place: this.source.place(range[0]),
        excerpt: this.source.excerpt(range),
      }))
  }

  /** @throws HEDDLE_TOPOLOGY_INVALID with all mistakes, if there are any. */
  end(): void {
    if (this.failed) throw topologyInvalid(this.source.file, this.mistakes())
  }
}

/** One error of all mistakes, each with its place and the line. */
export function topologyInvalid(file: string, mistakes: readonly Mistake[]): HeddleError {
  const list = mistakes.map(({ place = file, message, excerpt }) => {
    const lines = excerpt === undefined ? '' : `\n${excerpt.replaceAll(/^/gm, '      ')}`
    return `\n  - ${place} ${message}${lines}`
  })
  return new HeddleError('HEDDLE_TOPOLOGY_INVALID', `${file}${list.join('')}`, { info: { mistakes } })
}

/** Where a part stands in the file. */
export function rangeOf(at: Node | Pair | Range | null): Range {
  if (at === null) return [0, 0]
  if (!isPair(at) && !('items' in at) && Array.isArray(at)) return at as unknown as Range
  if (isPair(at)) return rangeOf(at.key as Node | null)
  const range = (at as Node).range
  return range ? [range[0], range[1]] : [0, 0]
}

/** What a part is, in a word of people's. */
export function kindOf(node: Node | null): string {
  if (node === null) return 'nothing'
  if (isMap(node)) return 'an object'
  if (!isScalar(node)) return 'a list'
  const { value } = node
  if (value === null) return 'nothing'
  return typeof value === 'string' ? `the text '${shorten(value)}'` : JSON.stringify(value)
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)
