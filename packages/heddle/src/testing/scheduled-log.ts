import type { GroupMember, Log, Transaction, Transactor } from '@heddle/core'

/**
 * A log whose answers take as long as `wait` does: when it draws from a seed, so does the order in which those who wait at once
 * go on.
 */
export function scheduledLog(log: Log, wait: () => Promise<void>): Log {
  const later = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } finally {
      await wait()
    }
  }
  return overriding(log, {
    append: (...args) => later(log.append(...args)),
    read: (...args) => later(log.read(...args)),
    joinGroup: async (options): Promise<GroupMember> => {
      const member = await log.joinGroup(options)
      return overriding(member, { commit: (offsets) => later(member.commit(offsets)) })
    },
    transactor: async (id): Promise<Transactor> => {
      const transactor = await log.transactor(id)
      return overriding(transactor, {
        begin: (): Transaction => {
          const transaction = transactor.begin()
          return overriding(transaction, { commit: () => later(transaction.commit()) })
        },
      })
    },
  })
}

/** The object with other methods for some of its own; all else is looked up in it. */
function overriding<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (name in methods) return methods[name as keyof T]
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
