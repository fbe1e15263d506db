/**
 * Requests whose bytes are made here: those of the message path, where the library would copy and decode each record, and
 * those of a version that it does not know.
 *
 * @module
 */
import { type API, type Reader, Writer, createAPI } from '@platformatic/kafka'
import { ByteReader } from './bytes.ts'

/** @param encode Gives the parts of the request; all versions here are "flexible" ones. */
export function command<Arguments extends unknown[], Answer>(
  apiKey: number,
  version: number,
  encode: (...request: Arguments) => readonly Buffer[],
  decode: (reader: ByteReader) => Answer,
): API<Arguments, Answer> {
  return createAPI<Arguments, Answer>(
    apiKey,
    version,
    (...request: Arguments) => {
      const writer = Writer.create()
      for (const part of encode(...request)) writer.append(part)
      return writer
    },
    (_correlation: number, _apiKey: number, _version: number, reader: Reader) =>
      decode(new ByteReader(reader.buffer.buffer, reader.position)),
  )
}
