import type { Log } from '../../ports/log.ts'
import type { RestoreProgress, Store } from '../../ports/store.ts'
import { type TestApi, check, equal, eventually } from '../assert.ts'
import { type OpenLog, bytes, text, unique, withLog } from './harness.ts'

const entries = (store: Store, ...range: Parameters<Store['entries']>): [string, string | null][] =>
  [...store.entries(...range)].map(([key, value]) => [key, text(value)])

/** More than any implementation writes or deletes at once. */
const many = 6000

/** Changes a store in one transaction, which a transactor of its own writes. */
async function change(
  log: Log,
  store: Store,
  changes: Iterable<readonly [string, string | null]>,
): Promise<void> {
  const transactor = await log.transactor(unique('transactor'))
  const transaction = transactor.begin()
  for (const [key, value] of changes) transaction.put(store, key, value === null ? null : bytes(value))
  await transaction.commit()
  await transactor.close()
}

const numbered = (count: number, value: string | null = 'v'): [string, string | null][] =>
  Array.from({ length: count }, (_, i) => [`key-${i}`, value])

/** The store, and how many records had to be read for it. */
async function reading(log: Log, name: string): Promise<{ store: Store; records: number }> {
  let last: RestoreProgress | undefined
  const store = await log.store(name, { progress: (progress) => (last = progress) })
  if (last !== undefined)
    equal([last.store, last.state, last.done], [name, 'done', last.total], 'what was told last')
  return { store, records: last?.records ?? 0 }
}

export function stateContract(open: OpenLog, { describe, test }: TestApi): void {
  const when =
    (use: Parameters<typeof withLog>[1]): (() => Promise<void>) =>
    () =>
      withLog(open, async (log, under) => {
        if (log.features.transactions) await use(log, under)
      })()

  describe('state', () => {
    test(
      'is read by key and by range, in the order of UTF-8 bytes',
      when(async (log) => {
        const store = await log.store(unique('state'))
        const transactor = await log.transactor(unique('transactor'))
        const first = transactor.begin()
        for (const key of ['b', 'a', 'ab', 'é', '\u{1F9F5}', '￿', '']) first.put(store, key, bytes(`v${key}`))
        first.put(store, 'empty', new Uint8Array(0))
        first.put(store, 'gone', bytes('x'))
        first.put(store, 'gone', null)
        await first.commit()
        equal(
          entries(store).map(([key]) => key),
          ['', 'a', 'ab', 'b', 'empty', 'é', '￿', '\u{1F9F5}'],
          'the keys',
        )
        equal(store.get('empty')?.length, 0, 'an empty value')
        equal(store.size(), 8, 'the size')
        equal(
          entries(store, { gte: 'a', lt: 'b' }),
          [
            ['a', 'va'],
            ['ab', 'vab'],
          ],
          'a range',
        )
        equal(
          entries(store, { gte: 'ab', limit: 2 }).map(([key]) => key),
          ['ab', 'b'],
          'a limited range',
        )
        const second = transactor.begin()
        second.put(store, 'a', bytes('new'))
        second.put(store, 'b', null)
        second.put(store, 'never', null)
        await second.commit()
        equal([text(store.get('a')), store.get('b'), store.size()], ['new', undefined, 7], 'after changes')
        await transactor.close()
      }),
    )

    test(
      'of one name is one, and of another is another',
      when(async (log) => {
        const [one, other] = [unique('state'), unique('state')]
        const store = await log.store(one)
        const same = await log.store(one)
        const transactor = await log.transactor(unique('transactor'))
        const transaction = transactor.begin()
        transaction.put(store, 'k', bytes('v'))
        await transaction.commit()
        equal(text(same.get('k')), 'v', 'the same state')
        check((await log.store(other)).get('k') === undefined, 'nothing in the other')
        await transactor.close()
      }),
    )

    test(
      'is there after a restart, and nothing has to be read for it again',
      when(async (log, under) => {
        const name = unique('state')
        await change(log, await log.store(name), numbered(many))
        const { store, records } = await reading(await under.reopen(), name)
        equal([store.size(), records], [many, 0], 'how many keys there are, and how many were read')
      }),
    )

    test(
      'is gone when it is deleted, and begins anew',
      when(async (log, under) => {
        const [name, other] = [unique('state'), unique('state')]
        await change(log, await log.store(other), [['k', 'kept']])
        await change(log, await log.store(name), numbered(many))
        await log.deleteStore(name)
        await log.deleteStore(unique('never there'))
        const store = await log.store(name)
        equal([store.size(), entries(store)], [0, []], 'what is left')
        await change(log, store, [['key-1', 'new']])
        equal(entries(store), [['key-1', 'new']], 'what came after')
        const again = await under.reopen()
        equal(entries(await again.store(name)), [['key-1', 'new']], 'after a restart')
        equal(entries(await again.store(other)), [['k', 'kept']], 'the other')
      }),
    )

    const elsewhere = (use: (log: Log, other: Log) => Promise<void>): (() => Promise<void>) =>
      when(async (log, under) => {
        const other = await under.elsewhere?.()
        if (other === undefined) return
        try {
          await use(log, other)
        } finally {
          await other.close()
        }
      })

    test(
      'is the same elsewhere, whoever has written it last',
      elsewhere(async (log, other) => {
        const name = unique('state')
        const here = await log.store(name)
        await change(log, here, numbered(many))
        await change(log, here, [...numbered(many / 2, null), [`key-${many - 1}`, 'last']])
        const { store: there } = await reading(other, name)
        equal([there.size(), entries(there)], [many / 2, entries(here)], 'the state elsewhere')
        await change(other, there, [['key-0', 'there']])
        await change(log, await log.store(name), [['key-1', 'here']])
        const last = await other.store(name)
        equal([text(last.get('key-0')), text(last.get('key-1'))], ['there', 'here'], 'what both have written')
      }),
    )

    test(
      'begins anew elsewhere too when it was deleted',
      elsewhere(async (log, other) => {
        const name = unique('state')
        await change(log, await log.store(name), numbered(10))
        equal((await other.store(name)).size(), 10, 'the size elsewhere')
        await log.deleteStore(name)
        await change(log, await log.store(name), [['new', 'v']])
        equal(entries(await other.store(name)), [['new', 'v']], 'what is elsewhere')
      }),
    )

    test(
      'that is followed elsewhere has little to be read there',
      elsewhere(async (log, other) => {
        if (other.follow === undefined) return
        const name = unique('state')
        const here = await log.store(name)
        await change(log, here, numbered(many))
        const follower = other.follow(name)
        const caughtUp = (): Promise<true> =>
          eventually('the follower to have all', async () => (await follower.behind()) === 0)
        await caughtUp()
        await change(log, here, [...numbered(100, null), ['key-100', 'changed']])
        await caughtUp()
        await follower.close()
        const { store, records } = await reading(other, name)
        equal(records, 0, 'records that were read')
        equal(entries(store), entries(here), 'what is there')
      }),
    )
  })
}
