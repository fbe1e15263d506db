// Completes package-lock.json: every package that another names as optional has an entry, whatever platform it is for,
// and none names the registry that it came from.
//
// npm leaves out those that its registry did not have (a mirror may lack other platforms' binaries, or other versions of
// them), and `npm ci` then refuses the lock file, on this machine and on theirs. What a platform package is for is in its
// name, and its version is the one asked for; only its integrity is unknown until someone on that platform installs it.

import { generated } from './generated.ts'

interface Entry {
  version?: string
  resolved?: string
  dev?: boolean
  optionalDependencies?: Record<string, string>
  [field: string]: unknown
}

const platform =
  /\b(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|aix|win32)-(arm64|arm|x64|ia32|loong64|mips64el|ppc64|riscv64|s390x)\b/

function entryFor(name: string, version: string, from: Entry): Entry {
  const [, os, cpu] = platform.exec(name) ?? []
  if (!os || !cpu || !/^\d/.test(version))
    throw new Error(
      `${name}@${version} is not in the lock file, and its name does not say what platform it is for`,
    )
  return { version, cpu: [cpu], ...(from.dev && { dev: true }), optional: true, os: [os] }
}

generated('package-lock.json', (before) => {
  const lock: { packages: Record<string, Entry> } = JSON.parse(before)
  const hosts = Object.values(lock.packages).filter((entry) => entry.resolved?.startsWith('http'))
  for (const entry of hosts) delete entry.resolved

  const added: Record<string, Entry> = {}
  for (const [path, entry] of Object.entries(lock.packages))
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const known = [`${path}/node_modules/${name}`, `node_modules/${name}`].some(
        (place) => place in lock.packages,
      )
      if (!known && !path.startsWith('packages/'))
        added[`node_modules/${name}`] = entryFor(name, version, entry)
    }
  if (Object.keys(added).length + hosts.length === 0) return before

  const packages = Object.fromEntries(
    Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => a.localeCompare(b, 'en')),
  )
  return `${JSON.stringify({ ...lock, packages }, null, 2)}\n`
})
