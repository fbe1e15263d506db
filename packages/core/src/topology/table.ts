import type { KeyedStream } from './keyed-stream.ts'
import type { Key, StepOptions } from './step-options.ts'

/** A change of a table: the row of its key from now on; `null` and `undefined` delete it. */
export type Change<V> = V | null | undefined

/**
 * The last value of each key. It holds no rows itself: a join that uses it keeps those that it needs, in its own state, so that
 * rows and what they are joined with change in one commit.
 */
export class Table<K extends Key, V> {
  /** Each change, in order by key. */
  readonly changes: KeyedStream<K, Change<V>>

  constructor(changes: KeyedStream<K, Change<V>>) {
    this.changes = changes
  }

  /** A table of other values with the same keys. */
  map<W>(map: (row: V) => W, options: StepOptions<Change<V>> = {}): Table<K, W> {
    return new Table<K, W>(this.changes.keyedStep<Change<W>>('mapTable', options, { code: { map } }))
  }

  /** Only those rows that the predicate is true for; one that becomes false is deleted. */
  filter(predicate: (row: V) => boolean, options: StepOptions<Change<V>> = {}): Table<K, V> {
    return new Table<K, V>(this.changes.keyedStep<Change<V>>('filterTable', options, { code: { predicate } }))
  }

  /**
   * Rows of both tables with the same key. The result changes whenever one of them does.
   *
   * @param join With `left` the right row may be `undefined`, with `outer` either. A result of `undefined` is no row.
   */
  join<W, R>(
    other: Table<K, W>,
    join: (left: V, right: W) => R,
    options?: TableTableOptions<V> & { readonly type?: 'inner' },
  ): Table<K, R>
  join<W, R>(
    other: Table<K, W>,
    join: (left: V, right: W | undefined) => R,
    options: TableTableOptions<V> & { readonly type: 'left' },
  ): Table<K, R>
  join<W, R>(
    other: Table<K, W>,
    join: (left: V | undefined, right: W | undefined) => R,
    options: TableTableOptions<V> & { readonly type: 'outer' },
  ): Table<K, R>
  join<W, R>(
    other: Table<K, W>,
    // `any`: the overloads say what may be undefined
    join: (left: any, right: any) => R,
    options: TableTableOptions<V> & { readonly type?: 'inner' | 'left' | 'outer' } = {},
  ): Table<K, R> {
    const { type = 'inner', ...rest } = options
    return new Table<K, R>(
      this.changes.keyedStepWith<Change<R>>('joinTables', other.changes, rest, {
        code: { join },
        config: { type },
      }),
    )
  }

  /** Each change as an element: the row, or `undefined` where it was deleted. */
  toStream(): KeyedStream<K, Change<V>> {
    return this.changes
  }
}

export type TableTableOptions<V> = StepOptions<Change<V>>
