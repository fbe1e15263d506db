import { type Grouping, murmur2 } from '@heddle/core'
import { keyText } from './key-text.ts'
import type { TaskTuple } from './task-tuple.ts'

/** What takes tuples. */
export interface Receiver {
  /** Number in the topology. */
  readonly number: number
  receive(tuple: TaskTuple): void
}

/** The way of one stream from one task to the tasks of one component. */
export interface Route {
  /** @param task Task that the emitter named, for the direct grouping. */
  deliver(tuple: TaskTuple, task: number | undefined): void
  /** For the direct grouping: the tasks that can be named. */
  readonly direct?: ReadonlyMap<number, Receiver>
}

/** A route by that grouping, for one emitting task. */
export function route(grouping: Grouping, tasks: readonly Receiver[]): Route {
  switch (grouping.kind) {
    // One process: all tasks are local.
    case 'local-or-shuffle':
    case 'shuffle':
      return tasks.length === 1 ? toOne(tasks[0]!) : inTurn(tasks)
    case 'fields':
      return tasks.length === 1 ? toOne(tasks[0]!) : byKey(tasks, grouping.fields)
    case 'partial-key':
      return tasks.length === 1 ? toOne(tasks[0]!) : byPartialKey(tasks, grouping.fields)
    case 'all':
      return tasks.length === 1 ? toOne(tasks[0]!) : toAll(tasks)
    case 'global':
      return toOne(tasks[0]!)
    case 'direct':
      return toNamed(new Map(tasks.map((task) => [task.number, task])))
  }
}

const toOne = (task: Receiver): Route => ({ deliver: (tuple) => task.receive(tuple) })

function inTurn(tasks: readonly Receiver[]): Route {
  let turn = 0
  return {
    deliver(tuple) {
      const task = tasks[turn]!
      if (++turn === tasks.length) turn = 0
      task.receive(tuple)
    },
  }
}

/** How many keys a route remembers: looking one up costs a third of hashing it again. */
const rememberedKeys = 4096

function byKey(tasks: readonly Receiver[], fields: readonly string[]): Route {
  const known = new Map<string, Receiver>()
  return {
    deliver(tuple) {
      const text = keyText(tuple.values, fields)
      let task = known.get(text)
      if (task === undefined) {
        task = tasks[murmur2(text) % tasks.length]!
        if (known.size === rememberedKeys) known.clear()
        known.set(text, task)
      }
      task.receive(tuple)
    },
  }
}

/** Two tasks for each key, of which the one that was given less so far gets the tuple. */
function byPartialKey(tasks: readonly Receiver[], fields: readonly string[]): Route {
  const given = tasks.map(() => 0)
  return {
    deliver(tuple) {
      const text = keyText(tuple.values, fields)
      const first = murmur2(text) % tasks.length
      // Any of the others, so that the two are never the same.
      const second = (first + 1 + (murmur2(`${text}\u0001`) % (tasks.length - 1))) % tasks.length
      const chosen = given[first]! <= given[second]! ? first : second
      given[chosen]!++
      tasks[chosen]!.receive(tuple)
    },
  }
}

const toAll = (tasks: readonly Receiver[]): Route => ({
  deliver(tuple) {
    for (const [index, task] of tasks.entries()) task.receive(tuple.copyFor(index))
  },
})

const toNamed = (direct: ReadonlyMap<number, Receiver>): Route => ({
  direct,
  deliver: (tuple, task) => direct.get(task!)!.receive(tuple),
})
