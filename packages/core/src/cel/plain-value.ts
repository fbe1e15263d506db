import { HeddleError } from '../errors.ts'

/** Values that one result may have, those in lists and maps included; beyond it, it was made to grow. */
const maxValues = 100_000
/** Characters that one result may have in all. */
const maxCharacters = 16 * 1024 * 1024

/**
 * A value of CEL as one of JSON. CEL's whole numbers become numbers; timestamps become text (RFC 3339), durations text such as
 * `1.5s`, as in protobuf's JSON.
 *
 * @throws HEDDLE_EXPRESSION_FAILED for what JSON has not (bytes, types, empty optionals, whole numbers beyond 2^53), and for
 *   results that are too large.
 */
export function plainValue(value: unknown): unknown {
  let values = 0
  let characters = 0
  const convert = (part: unknown): unknown => {
    if (++values > maxValues) throw failed(`the result has more than ${maxValues} values`)
    switch (typeof part) {
      case 'bigint':
        return wholeNumber(part)
      case 'string':
        characters += part.length
        if (characters > maxCharacters) throw failed(`the result has more than ${maxCharacters} characters`)
        return part
      case 'number':
        if (Number.isFinite(part)) return part
        throw failed(`the result has ${part}, which JSON does not have`)
      case 'object':
        return part === null ? null : convertObject(part, convert)
      case 'boolean':
      case 'undefined':
        return part
      default:
        throw failed(`the result has a ${typeof part}, which JSON does not have`)
    }
  }
  return convert(value)
}

function convertObject(value: object, convert: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(convert)
  if (value instanceof Date) return value.toISOString()
  const entries = value instanceof Map ? [...value] : undefined
  if (entries || isPlain(value)) {
    return Object.fromEntries(
      (entries ?? Object.entries(value)).map(([key, part]) => [String(key), convert(part)]),
    )
  }
  const name = value.constructor.name
  if ('seconds' in value && 'nanos' in value) {
    const { seconds, nanos } = value as { seconds: bigint; nanos: number }
    return `${Number(seconds) + nanos / 1e9}s`
  }
  if (name === 'UnsignedInt' && 'value' in value) return wholeNumber((value as { value: bigint }).value)
  throw failed(`the result has a ${name === 'Uint8Array' ? 'bytes value' : name}, which JSON does not have`)
}

function wholeNumber(value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw failed(`${value} does not fit into a number of JSON; string(…) keeps all digits`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const failed = (why: string): HeddleError => new HeddleError('HEDDLE_EXPRESSION_FAILED', why)
