import { type Log, type Transaction, type Transactor, HeddleError } from '@heddle/core'

/**
 * What a log does that is elsewhere: it answers; it is away; it does what it is asked for, and its answers are lost; or a
 * transaction is committed, and its answer is lost.
 */
export type Reach = 'up' | 'away' | 'unanswered' | 'commit unanswered'

const away = (): HeddleError => new HeddleError('HEDDLE_LOG_UNAVAILABLE', 'no broker')

/** A log whose reach is changed by `reach`. */
export function awayLog(log: Log): Log & { reach: Reach } {
  const state = { reach: 'up' as Reach }
  const transaction = (inner: Transaction): Transaction => ({
    append: (...given) => inner.append(...given),
    commitOffsets: (...given) => inner.commitOffsets(...given),
    put: (...given) => inner.put(...given),
    abort: () => inner.abort(),
    async commit() {
      if (state.reach === 'away' || state.reach === 'unanswered') {
        await inner.abort()
        throw away()
      }
      await inner.commit()
      if (state.reach === 'commit unanswered') throw away()
    },
  })
  const transactor = (inner: Transactor): Transactor => ({
    id: inner.id,
    begin: () => transaction(inner.begin()),
    close: () => inner.close(),
  })
  return new Proxy(log as Log & { reach: Reach }, {
    get(target, name: keyof Log | 'reach') {
      if (name === 'reach') return state.reach
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return async (...given: unknown[]) => {
        if (state.reach === 'away') throw away()
        const answer: unknown = await (value.apply(target, given) as Promise<unknown>)
        if (state.reach === 'unanswered') return new Promise(() => {})
        return name === 'transactor' ? transactor(answer as Transactor) : answer
      }
    },
    set(_, name, value: Reach) {
      if (name !== 'reach') return false
      state.reach = value
      return true
    },
  })
}
