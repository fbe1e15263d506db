/**
 * Calls and replies of Thrift's strict binary protocol, in frames.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-rpc.md
 *
 * ```
 * frame   = length int32, message
 * message = 0x8001 int16, 0 int8, type int8, method string, sequence int32, struct
 * type    = 1 call | 2 reply | 3 exception
 * ```
 *
 * The struct of a call has the arguments; that of a reply has the result as field 0, or as another field the exception that the
 * method declares; that of an exception has its message as field 1.
 *
 * @module
 */
import { Reader, Writer } from './bytes.ts'
import { type Type, int32, string, struct } from './type.ts'

const version = 0x80010000
const [callType, replyType, exceptionType] = [1, 2, 3]

/** What a server throws that a method does not declare. */
const applicationException = struct({
  message: [1, string, 'optional'],
  type: [2, int32, 'optional'],
})

/** It answered, and not with a result. */
export class ThriftException extends Error {
  override readonly name = 'ThriftException'
}

/** The frame of a call. */
export function callFrame<Args>(name: string, args: Type<Args>, values: Args, sequence: number): Buffer {
  const writer = new Writer()
  writer.int32(0)
  writer.int32(version | callType | 0)
  string.write(writer, name)
  writer.int32(sequence)
  args.write(writer, values)
  const frame = Buffer.from(writer.written)
  frame.writeInt32BE(frame.length - 4)
  return frame
}

/**
 * The struct that a message of the server holds.
 *
 * @throws ThriftException when it is an exception that the method does not declare; TypeError or RangeError when it is no
 * answer to this call.
 */
export function readReply<T>(message: Buffer, name: string, sequence: number, type: Type<T>): T {
  const reader = new Reader(message)
  const kind = reader.int32() & 0xff
  const [method, number] = [string.read(reader), reader.int32()]
  if (method !== name || number !== sequence)
    throw new TypeError(`${name} (${sequence}) was answered by ${method} (${number})`)
  if (kind === exceptionType)
    throw new ThriftException(applicationException.read(reader).message ?? 'no message')
  if (kind !== replyType) throw new TypeError(`${name} was answered by a message of kind ${kind}`)
  return type.read(reader)
}
