import { type Grouping, type RecordInput, murmur2 } from '@heddle/core'
import { keyText } from '../local/key-text.ts'
import type { Root } from '../local/root.ts'
import type { Receiver, Route } from '../local/route.ts'
import type { TaskTuple } from '../local/task-tuple.ts'
import { carriedOf } from './carried-of.ts'
import { carriedRecord } from './carried.ts'

/** Where the tuples of a route go. */
export interface CarryTarget {
  readonly topic: string
  readonly partitions: number
  /** Numbers of the tasks that take them. */
  readonly tasks: readonly number[]
  /** Components whose elements are asked for behind the topic: see `OperatorTuple.idBelow`. */
  readonly remembered: readonly string[]
  /** It cannot go there. Holds its root until it is kept elsewhere. */
  readonly refused: (root: Root, emitter: string, error: unknown) => void
  readonly append: (topic: string, record: RecordInput, root: Root) => void
}

/** A route to another stage. The grouping says which partition a tuple goes to; there it goes on by the same grouping. */
export function carryRoute(grouping: Grouping, target: CarryTarget): Route {
  const { topic, partitions, tasks, append } = target
  const send = (tuple: TaskTuple, partition: number, namedTask?: number): void => {
    let record: RecordInput
    try {
      record = carriedRecord(carriedOf(tuple, namedTask, target.remembered), partition)
    } catch (error) {
      return target.refused(tuple.root, tuple.component, error)
    }
    append(topic, record, tuple.root)
  }
  switch (grouping.kind) {
    case 'fields':
    case 'partial-key': {
      const { fields } = grouping
      return { deliver: (tuple) => send(tuple, murmur2(keyText(tuple.values, fields)) % partitions) }
    }
    case 'shuffle':
    case 'local-or-shuffle': {
      let turn = 0
      return { deliver: (tuple) => send(tuple, turn++ % partitions) }
    }
    case 'all':
      return {
        deliver(tuple) {
          for (let partition = 0; partition < partitions; partition++)
            send(tuple.copyFor(partition), partition)
        },
      }
    case 'global':
      return { deliver: (tuple) => send(tuple, 0) }
    case 'direct': {
      const direct = new Map<number, Receiver>(
        tasks.map((number) => [number, { number, receive: (tuple) => send(tuple, 0, number) }]),
      )
      return { direct, deliver: (tuple, task) => direct.get(task!)!.receive(tuple) }
    }
  }
}
