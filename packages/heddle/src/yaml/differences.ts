/**
 * Where a value is not what was expected, one line for each place. An object may have more than what is expected of it; lists
 * have to be as long, and everything else has to be the same.
 *
 * @example differences({ a: 1, b: [2] }, { a: 1, b: [3], c: 4 })   // ['b[0]: expected 2, and it is 3']
 */
export function differences(expected: unknown, actual: unknown, path = ''): readonly string[] {
  const here = path === '' ? 'it' : path
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${here}: expected a list, and it is ${show(actual)}`]
    const lines =
      expected.length === actual.length
        ? []
        : [`${here}: expected ${expected.length} items, and there are ${actual.length}: ${show(actual)}`]
    return [
      ...lines,
      ...expected
        .slice(0, actual.length)
        .flatMap((item, index) => differences(item, actual[index], `${path}[${index}]`)),
    ]
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return [`${here}: expected ${show(expected)}, and it is ${show(actual)}`]
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(value, actual[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return Object.is(expected, actual) ? [] : [`${here}: expected ${show(expected)}, and it is ${show(actual)}`]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value))
