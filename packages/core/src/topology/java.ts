import type { Json } from '../plan/plan.ts'
import type { BoltRef, SpoutRef } from './graph-ends.ts'

/**
 * An argument of a constructor in Java, which takes it as an object: `Integer` for a whole number of 32 bits, `Long` for a
 * bigint, `Double` for any other number and for `{ double }`, and `String` and `Boolean`.
 */
export type JavaArgument = string | boolean | number | bigint | { readonly double: number }

/** The same as it is in a plan: a long is a text, since JSON has none. */
export type JavaValue =
  | { readonly string: string }
  | { readonly boolean: boolean }
  | { readonly int: number }
  | { readonly long: string }
  | { readonly double: number }

export interface JavaOptions {
  /** Paths of the jars that it needs, beside what each worker of Storm has on its class path. Default none. */
  readonly jars?: readonly string[]
  /** What it finds in its configuration, beside that of the topology. */
  readonly conf?: Readonly<Record<string, Json>>
}

/** A component that is a class in Java. */
// `any`: a class takes whatever it is sent
export interface JavaRef extends BoltRef<any>, SpoutRef<any> {}

/**
 * A spout or a bolt in Java, for topologies on Storm; no other engine runs it. The class implements `IRichSpout` or `IRichBolt`,
 * and has a constructor for these arguments. The fields that it emits are declared here, as those of every component.
 *
 * @example
 * t.bolt('count', java('org.example.CountBolt', ['words', 10], { jars: ['target/count.jar'] }), { fields: ['word', 'count'] })
 *   .fields(words, 'word')
 */
export function java(
  className: string,
  args: readonly JavaArgument[] = [],
  { jars = [], conf }: JavaOptions = {},
): JavaRef {
  const config = { class: className, args: args.map(valueOf), jars, ...(conf && { conf }) }
  return { operator: 'java', config, code: {}, topics: [] }
}

const maxInt = 2 ** 31

function valueOf(argument: JavaArgument): JavaValue & Json {
  switch (typeof argument) {
    case 'string':
      return { string: argument }
    case 'boolean':
      return { boolean: argument }
    case 'bigint':
      return { long: String(argument) }
    case 'number':
      return Number.isInteger(argument) && argument >= -maxInt && argument < maxInt
        ? { int: argument }
        : { double: argument }
    default:
      return { double: argument.double }
  }
}
