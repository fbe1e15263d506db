import type { Log, Topology } from '@heddle/core'
import { CarriedRoot } from '../stages/carried-root.ts'
import { deadLetterChannel } from './channels.ts'
import { deadLetter } from './dead-letter.ts'
import type { GaveUp } from './network.ts'
import type { Appender } from './task-output.ts'

/** Writes dead letters, one for each root. */
export class DeadLetters {
  appender: Appender | undefined
  readonly #topology: Topology
  readonly #log: Log
  readonly #maxBytes: number

  /** @param maxBytes Largest record that their topic takes. */
  constructor(topology: Topology, log: Log, maxBytes: number) {
    this.#topology = topology
    this.#log = log
    this.#maxBytes = maxBytes
  }

  /** What is not known where nothing was executed. */
  unknown(at: number): Pick<GaveUp, 'attempts' | 'firstFailedAt' | 'lastFailedAt' | 'value'> {
    return { attempts: 1, firstFailedAt: at, lastFailedAt: at, value: undefined }
  }

  write(gaveUp: GaveUp): void {
    const { root } = gaveUp
    if (root.deadLettered) return
    root.deadLettered = true
    if (!(root instanceof CarriedRoot)) return this.#append(gaveUp)
    root.hold()
    void root.readLetter(this.#log).then(() => {
      this.#append(gaveUp)
      root.release()
    })
  }

  #append(gaveUp: GaveUp): void {
    const { root, component, error, attempts } = gaveUp
    const { name, plan } = this.#topology
    const topic = plan.settings.deadLetterTopic
    this.appender!.append(topic, deadLetter(name, gaveUp, this.#maxBytes), root)
    if (deadLetterChannel.hasSubscribers)
      deadLetterChannel.publish({ topology: name, component, topic, error, attempts })
  }
}
