import { lengthPrefixed, request } from '../request.ts'

// Nimbus speaks Thrift's strict TBinaryProtocol in frames of `length int32`:
//   call  = 0x8001 int16, 0, type (1 call, 2 reply, 3 exception) int8, name string, sequence int32, struct
//   struct = (type int8, field int16, value)*, 0 int8
//   list, set = type int8, count int32, values;  map = key type int8, value type int8, count int32, pairs
//   string = length int32, bytes
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
const CALL = 0x80010001
const REPLY = 2
const STRUCT = 12

type Struct = ReadonlyMap<number, Value>
type Value =
  | boolean
  | number
  | bigint
  | string
  | Struct
  | readonly Value[]
  | readonly (readonly [Value, Value])[]

/** What Nimbus says of its cluster. */
export interface ClusterInfo {
  readonly supervisors: number
  /** Whether this or another Nimbus leads; without a leader no topology can be submitted. */
  readonly hasLeader: boolean
  readonly topologies: readonly string[]
}

/**
 * Asks the Nimbus at this port of this machine what it knows (`getClusterInfo`).
 *
 * @throws when it does not answer, or answers with an exception.
 */
export async function clusterInfo(port: number): Promise<ClusterInfo> {
  // ClusterSummary in storm.thrift: 1 supervisors, 3 topologies (2 name), 4 nimbuses (4 isLeader).
  const summary = (await callNimbus(port, 'getClusterInfo')) as Struct
  const list = (field: number): readonly Struct[] => (summary.get(field) ?? []) as readonly Struct[]
  return {
    supervisors: list(1).length,
    hasLeader: list(4).some((nimbus) => nimbus.get(4) === true),
    topologies: list(3).map((topology) => topology.get(2) as string),
  }
}

/**
 * Calls a method of the Nimbus at this port of this machine.
 *
 * @param fields the arguments, as the fields of a struct; the byte that ends it is added.
 * @returns its result; undefined when it has none.
 * @throws when it does not answer, or answers with an exception.
 */
export async function callNimbus(
  port: number,
  method: string,
  fields: Uint8Array = new Uint8Array(),
): Promise<Value | undefined> {
  const head = Buffer.alloc(12)
  head.writeInt32BE(method.length + fields.length + 13)
  head.writeUInt32BE(CALL, 4)
  head.writeInt32BE(method.length, 8)
  // After the name: the sequence number 0, the arguments, the end of their struct.
  const [name, sequence, end] = [Buffer.from(method), Buffer.alloc(4), Buffer.alloc(1)]
  const frame = Buffer.concat([head, name, sequence, fields, end])
  const result = await request(port, frame, (received) => {
    const reply = lengthPrefixed(received)
    return reply && replyOf(reply)
  })
  // Field 0 is the result, any other an exception that the method declares.
  const [exception] = [...result].filter(([field]) => field !== 0)
  if (exception) throw new Error(`${method} failed: ${JSON.stringify([...(exception[1] as Struct)])}`)
  return result.get(0)
}

function replyOf(frame: Buffer): Struct {
  const reader = new Reader(frame, 4)
  const method = reader.value(11) as string
  reader.value(8)
  const struct = reader.value(STRUCT) as Struct
  if (frame[3] !== REPLY) throw new Error(`${method} answered with an exception: ${struct.get(1) as string}`)
  return struct
}

/** Reads any value by the type that the protocol gives with it. */
class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  value(type: number): Value {
    const at = this.#at
    switch (type) {
      case 2:
        this.#at += 1
        return this.#bytes[at] === 1
      case 3:
        this.#at += 1
        return this.#bytes.readInt8(at)
      case 4:
        this.#at += 8
        return this.#bytes.readDoubleBE(at)
      case 6:
        this.#at += 2
        return this.#bytes.readInt16BE(at)
      case 8:
        this.#at += 4
        return this.#bytes.readInt32BE(at)
      case 10:
        this.#at += 8
        return this.#bytes.readBigInt64BE(at)
      case 11: {
        const length = this.#bytes.readInt32BE(at)
        this.#at += 4 + length
        return this.#bytes.toString('utf8', at + 4, this.#at)
      }
      case STRUCT:
        return this.#struct()
      case 13: {
        const [key, value] = [this.value(3) as number, this.value(3) as number]
        return this.#times(() => [this.value(key), this.value(value)] as const)
      }
      case 14:
      case 15: {
        const item = this.value(3) as number
        return this.#times(() => this.value(item))
      }
      default:
        throw new Error(`there is no Thrift type ${type}`)
    }
  }

  #times<T>(read: () => T): T[] {
    return Array.from({ length: this.value(8) as number }, read)
  }

  #struct(): Struct {
    const fields = new Map<number, Value>()
    for (let type = this.value(3) as number; type !== 0; type = this.value(3) as number) {
      const field = this.value(6) as number
      fields.set(field, this.value(type))
    }
    return fields
  }
}
