/** More elements wait than the step's `limit` allows. */
export const tooMany = (component: string, limit: number): RangeError =>
  new RangeError(`${limit} elements wait in '${component}': raise its limit, or send it less`)
