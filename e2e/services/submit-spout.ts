import { fileURLToPath } from 'node:url'
import { callNimbus } from '../../tools/services/storm/nimbus.ts'

// Just enough of Thrift's binary protocol (see tools/services/storm/nimbus.ts) to submit one shell spout.
const int = (value: number, bytes: 1 | 2 | 4): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeIntBE(value, 0, bytes)
  return buffer
}
const string = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([int(bytes.length, 4), bytes])
}
const field = (type: number, id: number, value: Uint8Array): Buffer =>
  Buffer.concat([int(type, 1), int(id, 2), value])
const stringField = (id: number, value: string | Uint8Array): Buffer => field(11, id, string(value))
const struct = (...fields: readonly Uint8Array[]): Buffer => Buffer.concat([...fields, int(0, 1)])
const mapToStructs = (keyType: number, ...pairs: readonly Uint8Array[]): Buffer =>
  Buffer.concat([int(keyType, 1), int(12, 1), int(pairs.length / 2, 4), ...pairs])

/** Submits a topology of one spout, `spout.mjs` beside this file, which will connect to `port` of this machine. */
export async function submitSpout(nimbus: number, name: string, port: number): Promise<void> {
  const file = (await callNimbus(nimbus, 'beginFileUpload')) as string
  await callNimbus(
    nimbus,
    'uploadChunk',
    Buffer.concat([stringField(1, file), stringField(2, emptyResources())]),
  )
  await callNimbus(nimbus, 'finishFileUpload', stringField(1, file))

  const script = fileURLToPath(new URL('spout.mjs', import.meta.url))
  const shell = struct(stringField(1, 'node'), stringField(2, script))
  // No inputs; no streams; one task.
  const common = struct(
    field(13, 1, mapToStructs(12)),
    field(13, 2, mapToStructs(11)),
    field(8, 3, int(1, 4)),
  )
  const spout = struct(field(12, 1, struct(field(12, 2, shell))), field(12, 2, common))
  const topology = struct(
    field(13, 1, mapToStructs(11, string('caller'), spout)),
    field(13, 2, mapToStructs(11)),
    field(13, 3, mapToStructs(11)),
  )
  const conf = JSON.stringify({ 'topology.workers': 1, 'topology.acker.executors': 0, 'test.port': port })
  const fields = [stringField(1, name), stringField(2, file), stringField(3, conf), field(12, 4, topology)]
  await callNimbus(nimbus, 'submitTopology', Buffer.concat(fields))
}

/** A zip with one empty file, `resources/none`: the folder in which Storm starts shell components comes from there. */
function emptyResources(): Buffer {
  const name = Buffer.from('resources/none')
  const local = Buffer.alloc(30)
  local.write('PK\x03\x04', 'latin1')
  local.writeUInt16LE(10, 4)
  local.writeUInt16LE(name.length, 26)
  const central = Buffer.alloc(46)
  central.write('PK\x01\x02', 'latin1')
  central.writeUInt16LE(10, 6)
  central.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length + name.length, 12)
  end.writeUInt32LE(local.length + name.length, 16)
  return Buffer.concat([local, name, central, name, end])
}
