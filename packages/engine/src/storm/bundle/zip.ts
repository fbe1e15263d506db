import { crc32, deflateRawSync } from 'node:zlib'

/** A file of an archive. */
export interface ZipFile {
  /** With `/` between folders. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** Files where Storm looks for what programs need: it unpacks this folder of a jar. */
export const inResources = (files: readonly ZipFile[]): readonly ZipFile[] =>
  files.map(({ name, bytes }) => ({ name: `resources/${name}`, bytes }))

/** 1 January 1980, the first day there is: so that the same files make the same archive. */
const date = (1 << 5) | 1

/** Names are UTF-8. */
const flags = 0x0800
const deflated = 8

/**
 * An archive of these files, as Java reads a jar.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * ```
 * zip     = ( local name data )* ( central name )* end
 * local   = 'PK\3\4' version flags method time date crc size packed-size name-length extra-length
 * central = 'PK\1\2' made-by, as local, comment-length disk attributes offset-of-local
 * end     = 'PK\5\6' disks counts central-size central-offset comment-length
 * ```
 */
export function zip(files: readonly ZipFile[]): Buffer {
  const parts: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const { name, bytes } of files) {
    const nameBytes = Buffer.from(name)
    const packed = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(deflated, 4)
    common.writeUInt16LE(date, 8)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    parts.push(Buffer.from('PK\u0003\u0004'), common, nameBytes, packed)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    central.push(Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), common, rest, nameBytes)
    at += 30 + nameBytes.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, directory, end])
}
