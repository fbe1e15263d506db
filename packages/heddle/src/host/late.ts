/**
 * Stands for something that is there only later: what is called on it is called on what `find` gives then.
 *
 * @param refusal What calls are refused with while there is nothing; all methods must give promises.
 * @example
 * const engine = late(() => started, () => new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the host is starting'))
 */
export function late<T extends object>(find: () => T | undefined, refusal: () => Error): T {
  return new Proxy({} as T, {
    get(_, name) {
      const target = find()
      if (target === undefined) return () => Promise.reject(refusal())
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
