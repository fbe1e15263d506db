/**
 * Thrift's types and how its strict binary protocol writes them.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 *
 * ```
 * struct     = field* 0 int8
 * field      = type int8, id int16, value
 * bool, byte = int8                 string, binary = length int32, bytes
 * list, set  = type int8, count int32, value*
 * map        = key type int8, value type int8, count int32, (key, value)*
 * ```
 *
 * Integers are big-endian; an int64 is a number here, exact up to 2^53, or a bigint.
 *
 * @module
 */
import type { Reader, Writer } from './bytes.ts'

/** How a value of a type is read and written. */
export interface Type<T> {
  /** The number that stands for it on the wire. */
  readonly code: number
  write(writer: Writer, value: T): void
  read(reader: Reader): T
}

/** What values of a type are in TypeScript. */
export type ValueOf<T> = T extends Type<infer V> ? V : never

const codes = {
  bool: 2,
  byte: 3,
  double: 4,
  int16: 6,
  int32: 8,
  int64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const

export const bool: Type<boolean> = {
  code: codes.bool,
  write: (writer, value) => writer.byte(value ? 1 : 0),
  read: (reader) => reader.byte() !== 0,
}

export const int32: Type<number> = {
  code: codes.int32,
  write: (writer, value) => writer.int32(value),
  read: (reader) => reader.int32(),
}

export const int64: Type<number> = {
  code: codes.int64,
  write: (writer, value) => writer.int64(value),
  read: (reader) => reader.int64(),
}

/** An int64 that has to be exact. */
export const bigInt64: Type<bigint> = {
  code: codes.int64,
  write: (writer, value) => writer.int64(value),
  read: (reader) => reader.bigInt64(),
}

export const double: Type<number> = {
  code: codes.double,
  write: (writer, value) => writer.double(value),
  read: (reader) => reader.double(),
}

export const binary: Type<Uint8Array> = {
  code: codes.string,
  write(writer, value) {
    writer.int32(value.length)
    writer.bytes(value)
  },
  read: (reader) => reader.bytes(reader.int32()),
}

export const string: Type<string> = {
  code: codes.string,
  write: (writer, value) => binary.write(writer, Buffer.from(value)),
  read: (reader) => reader.bytes(reader.int32()).toString(),
}

export function list<T>(item: Type<T>): Type<readonly T[]> {
  return {
    code: codes.list,
    write(writer, values) {
      writer.byte(item.code)
      writer.int32(values.length)
      for (const value of values) item.write(writer, value)
    },
    read(reader) {
      expect(item, reader.byte())
      return Array.from({ length: reader.int32() }, () => item.read(reader))
    },
  }
}

/** A map; its keys may be structs, which is why it is not an object. */
export function map<K, V>(key: Type<K>, value: Type<V>): Type<ReadonlyMap<K, V>> {
  return {
    code: codes.map,
    write(writer, entries) {
      writer.byte(key.code)
      writer.byte(value.code)
      writer.int32(entries.size)
      for (const [k, v] of entries) {
        key.write(writer, k)
        value.write(writer, v)
      }
    },
    read(reader) {
      const [keyCode, valueCode, count] = [reader.byte(), reader.byte(), reader.int32()]
      const entries = new Map<K, V>()
      if (count === 0) return entries
      expect(key, keyCode)
      expect(value, valueCode)
      for (let left = count; left > 0; left--) entries.set(key.read(reader), value.read(reader))
      return entries
    },
  }
}

type Fields = Readonly<Record<string, readonly [id: number, type: Type<any>, optional?: 'optional']>>

/** What a struct of these fields is in TypeScript. */
type StructOf<F extends Fields> = {
  readonly [Name in keyof F as F[Name] extends readonly [number, unknown] ? Name : never]: ValueOf<F[Name][1]>
} & {
  readonly [
    Name in keyof F as F[Name] extends readonly [number, unknown, 'optional'] ? Name : never
  ]?: ValueOf<F[Name][1]>
}

/**
 * A struct. Fields that are not named here are read over, so that a newer server is understood. A union is one whose fields are
 * all optional.
 */
export function struct<const F extends Fields>(fields: F): Type<StructOf<F>> {
  const entries = Object.entries(fields)
  const byId = new Map(entries.map(([name, [id, type]]) => [id, { name, type }]))
  const required = entries.filter(([, [, , optional]]) => optional === undefined)
  return {
    code: codes.struct,
    write(writer, value) {
      for (const [name, [id, type]] of entries) {
        const field = (value as Readonly<Record<string, unknown>>)[name]
        if (field === undefined) continue
        writer.byte(type.code)
        writer.int16(id)
        type.write(writer, field)
      }
      writer.byte(0)
    },
    read(reader) {
      const value: Record<string, unknown> = {}
      for (let code = reader.byte(); code !== 0; code = reader.byte()) {
        const field = byId.get(reader.int16())
        if (field?.type.code === code) value[field.name] = field.type.read(reader)
        else skip(reader, code)
      }
      for (const [name] of required)
        if (value[name] === undefined) throw new TypeError(`a struct came without its field '${name}'`)
      return value as StructOf<F>
    },
  }
}

function expect({ code }: Type<unknown>, found: number): void {
  if (found !== code) throw new TypeError(`a value of type ${found} came where one of type ${code} is wanted`)
}

/** Reads over a value. */
function skip(reader: Reader, code: number): void {
  switch (code) {
    case codes.bool:
    case codes.byte:
      reader.bytes(1)
      return
    case codes.int16:
      reader.bytes(2)
      return
    case codes.int32:
      reader.bytes(4)
      return
    case codes.int64:
    case codes.double:
      reader.bytes(8)
      return
    case codes.string:
      reader.bytes(reader.int32())
      return
    case codes.struct:
      for (let field = reader.byte(); field !== 0; field = reader.byte()) {
        reader.int16()
        skip(reader, field)
      }
      return
    case codes.map: {
      const [key, value] = [reader.byte(), reader.byte()]
      for (let left = reader.int32(); left > 0; left--) {
        skip(reader, key)
        skip(reader, value)
      }
      return
    }
    case codes.set:
    case codes.list: {
      const item = reader.byte()
      for (let left = reader.int32(); left > 0; left--) skip(reader, item)
      return
    }
    default:
      throw new TypeError(`there is no Thrift type ${code}`)
  }
}
