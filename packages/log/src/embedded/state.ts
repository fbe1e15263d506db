/**
 * Keyed state, beside the records: see the Store port.
 *
 * @module
 */
import { type Bytes, HeddleError, type KeyRange, type Store } from '@heddle/core'
import type { Committer } from './commit/committer.ts'
import type { WriteTransaction } from './commit/write-transaction.ts'
import { maxNameBytes, nameKey, stateKey, stateKeyOf } from './keys.ts'
import { nextId } from './topic/topics.ts'
import type { Tree } from './tree.ts'

interface StoredState {
  readonly id: number
  readonly size: number
}

export class EmbeddedStore implements Store {
  readonly name: string
  readonly id: number
  readonly #tree: Tree
  readonly #open: () => void

  /** @param open Throws when the log is closed. */
  constructor(name: string, id: number, tree: Tree, open: () => void) {
    this.name = name
    this.id = id
    this.#tree = tree
    this.#open = open
  }

  get(key: string): Bytes | undefined {
    this.#open()
    return this.#tree.getBinary(stateKey(this.id, key))
  }

  *entries({ gte = '', lt, limit }: KeyRange = {}): Iterable<readonly [string, Bytes]> {
    this.#open()
    const range = this.#tree.getRange({
      start: stateKey(this.id, gte),
      end: lt === undefined ? stateKey(this.id + 1, '') : stateKey(this.id, lt),
      ...(limit === undefined ? {} : { limit }),
    })
    for (const { key, value } of range) yield [stateKeyOf(key), value]
  }

  size(): number {
    this.#open()
    return (JSON.parse(this.#tree.get(nameKey('store', this.name))!.toString()) as StoredState).size
  }
}

/** The state of that name, which is made if it is not there. */
export async function openStore(
  name: string,
  tree: Tree,
  committer: Committer,
  open: () => void,
): Promise<EmbeddedStore> {
  const key = nameKey('store', name)
  const known = tree.get(key)
  const { id } =
    known === undefined
      ? await committer.run((transaction): StoredState => {
          const stored = transaction.tree.get(key)
          if (stored !== undefined) return JSON.parse(stored.toString()) as StoredState
          const made = { id: nextId(transaction, 'nextStoreId'), size: 0 }
          transaction.put(key, Buffer.from(JSON.stringify(made)))
          return made
        })
      : (JSON.parse(known.toString()) as StoredState)
  return new EmbeddedStore(name, id, tree, open)
}

/** Entries that one transaction deletes at most, so that others do not wait for it. */
const maxDeleted = 5000

/** Deletes the state of that name, in parts; one that was left half done is gone on with by the next call. */
export async function deleteStore(name: string, committer: Committer): Promise<void> {
  const key = nameKey('store', name)
  for (let left = true; left;)
    left = await committer.run((transaction): boolean => {
      const stored = transaction.tree.get(key)
      if (stored === undefined) return false
      const { id, size } = JSON.parse(stored.toString()) as StoredState
      const span = { start: stateKey(id, ''), end: stateKey(id + 1, ''), limit: maxDeleted }
      const keys = [...transaction.tree.getKeys(span)]
      for (const each of keys) transaction.remove(each)
      if (keys.length < maxDeleted) {
        transaction.remove(key)
        return false
      }
      transaction.put(key, Buffer.from(JSON.stringify({ id, size: size - keys.length })))
      return true
    })
}

/** @throws HEDDLE_LOG_RECORD_INVALID when the key is too long to be kept. */
export function checkStateKey(key: string): void {
  if (3 * key.length <= maxNameBytes || Buffer.byteLength(key) <= maxNameBytes) return
  throw new HeddleError(
    'HEDDLE_LOG_RECORD_INVALID',
    `a state key has ${Buffer.byteLength(key)} bytes, and at most ${maxNameBytes} are kept`,
    { info: { maxBytes: maxNameBytes } },
  )
}

/** Writes changes of one store; `null` deletes. */
export function applyState(
  transaction: WriteTransaction,
  store: EmbeddedStore,
  changes: ReadonlyMap<string, Bytes | null>,
): void {
  const { tree } = transaction
  let grown = 0
  for (const [key, value] of changes) {
    const stored = stateKey(store.id, key)
    const there = tree.doesExist(stored)
    if (value !== null) {
      transaction.put(stored, bufferOf(value))
      if (!there) grown++
    } else if (there) {
      transaction.remove(stored)
      grown--
    }
  }
  if (grown === 0) return
  const key = nameKey('store', store.name)
  const stored = tree.get(key)
  if (stored === undefined)
    throw new HeddleError('HEDDLE_LOG_TRANSACTION_INVALID', `the store '${store.name}' was deleted`)
  const state = JSON.parse(stored.toString()) as StoredState
  transaction.put(key, Buffer.from(JSON.stringify({ ...state, size: state.size + grown })))
}

function bufferOf(bytes: Bytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
