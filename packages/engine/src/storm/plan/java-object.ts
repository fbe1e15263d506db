import type { JavaValue, Json } from '@heddle/core'
import type { JavaObject } from '../nimbus/structs.ts'

/** The configuration of a component that is a class in Java: see `java` in core. */
export interface JavaConfig {
  readonly class: string
  readonly args: readonly JavaValue[]
  readonly jars: readonly string[]
  readonly conf?: Readonly<Record<string, Json>>
}

/** The object that a worker makes, by a constructor with exactly these classes of arguments. */
export const javaObject = ({ class: fullClassName, args }: JavaConfig): JavaObject => ({
  fullClassName,
  argsList: args.map((value) => {
    if ('string' in value) return { string: value.string }
    if ('boolean' in value) return { bool: value.boolean }
    if ('int' in value) return { int: value.int }
    return 'long' in value ? { long: BigInt(value.long) } : { double: value.double }
  }),
})
