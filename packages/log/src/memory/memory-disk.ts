import type { Tree } from '../embedded/tree.ts'
import { MemoryTree } from './memory-tree.ts'
import { SortedMap } from './sorted-map.ts'

/** What becomes of a commit: it fails and nothing is kept, or it is kept and the answer is lost. */
export type CommitFault = 'fails' | 'answer-lost'

export interface MemoryDiskOptions {
  /** Awaited before and after each commit: who chooses how long it takes chooses what comes first. Default: at once. */
  readonly turn?: () => Promise<void>
  /** Asked at each commit. Default: none fails. */
  readonly fault?: () => CommitFault | undefined
}

/**
 * What a log in memory is kept on. It outlives the log: a log that is opened on it anew finds what was committed, as after a
 * restart, and whoever had it open before cannot write any more, as after a crash.
 */
export class MemoryDisk {
  /** By key, its bytes as latin-1 text, which sorts as they do. */
  readonly committed: SortedMap<Buffer> = new SortedMap()
  readonly turn: () => Promise<void>
  readonly fault: () => CommitFault | undefined
  /** Transactions that have begun, or wait for their turn. */
  underWay = 0
  /** Transactions that have ended. */
  ended = 0
  #newest: MemoryTree | undefined

  constructor({ turn = async () => {}, fault = () => undefined }: MemoryDiskOptions = {}) {
    this.turn = turn
    this.fault = fault
  }

  /** Opens it; whoever had it open before is cut off. */
  open(): Tree {
    this.cut()
    return (this.#newest = new MemoryTree(this))
  }

  /** The plug is pulled: nothing that is not committed by now ever will be, until it is opened again. */
  cut(): void {
    this.#newest = undefined
  }

  isCut(tree: MemoryTree): boolean {
    return this.#newest !== tree
  }
}
