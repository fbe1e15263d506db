// Frames of this package's own topology folder, as source or as build.
const own = /[/\\](core[/\\](src|dist)|@heddle[/\\]core)[/\\].*\.(js|ts)/

/** Where a builder that is no code of a user's has the part from that it makes: see `placed`. */
let given: string | undefined

/** Calls `make`; what the builder makes in it was written at `place`. */
export function placed<T>(place: string, make: () => T): T {
  const before = given
  given = place
  try {
    return make()
  } finally {
    given = before
  }
}

/** File, line and column of the user's code that is calling the builder, or `undefined` where the runtime does not tell. */
export function callSite(): string | undefined {
  if (given !== undefined) return given
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 20
  const stack = new Error().stack
  if (before !== undefined) Error.stackTraceLimit = before
  const frames = stack?.split('\n').filter((line) => /:\d+:\d+\)?$/.test(line)) ?? []
  const frame = frames.find((line) => !own.test(line) || /\.test(-d)?\.ts/.test(line))
  return (
    frame &&
    /(?:\(|at (?:async )?|@)?([^\s(@]+:\d+:\d+)\)?$/
      .exec(frame)?.[1]
      ?.replace(/^file:\/\//, '')
      .replace(/\?[^:]*/, '')
  )
}
