import { crc32, inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type ZipFile, zip } from './zip.ts'

/** Reads an archive as those do that look at its end first; Java is one of them (e2e/storm). */
function unzip(archive: Buffer): ZipFile[] {
  const end = archive.lastIndexOf('PK\u0005\u0006', undefined, 'latin1')
  let at = archive.readUInt32LE(end + 16)
  expect(at + archive.readUInt32LE(end + 12)).toBe(end)
  const files: ZipFile[] = []
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    expect(archive.toString('latin1', at, at + 4)).toBe('PK\u0001\u0002')
    const [crc, packed, size, nameLength] = [
      archive.readUInt32LE(at + 16),
      archive.readUInt32LE(at + 20),
      archive.readUInt32LE(at + 24),
      archive.readUInt16LE(at + 28),
    ]
    const local = archive.readUInt32LE(at + 42)
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    at += 46 + nameLength
    expect(archive.toString('latin1', local, local + 4)).toBe('PK\u0003\u0004')
    const data = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const bytes = inflateRawSync(archive.subarray(data, data + packed))
    expect([bytes.length, crc32(bytes)]).toEqual([size, crc])
    files.push({ name, bytes })
  }
  return files
}

test('an archive has the files that it was made of, and is the same for the same files', () => {
  const files = [
    { name: 'resources/a.mjs', bytes: Buffer.from('a'.repeat(100_000)) },
    { name: 'resources/ä/empty', bytes: Buffer.alloc(0) },
  ]
  const archive = zip(files)
  expect(archive.length).toBeLessThan(1000)
  expect(unzip(archive)).toEqual(files)
  expect(zip(files).equals(archive)).toBe(true)
})
