// Draws the rooms of the house and the doors between them into ARCHITECTURE.md, from the imports that are really there.
//
// A room's inner rooms are the folders under its src. An arrow is an import by a source file, tests left out.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { generated } from './generated.ts'
import { root } from './run.ts'

const [begin, end] = ['<!-- drawing: made by tools/architecture.ts -->', '<!-- /drawing -->']

/** The order in which a message walks; packages that are not named here follow. */
const walk = ['gateway', 'connectors', 'log', 'engine', 'delivery', 'catalog', 'heddle', 'client', 'core']

const importPattern = /^(?:import|export)\b[^'"]*?\bfrom\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

/** `packages/log/src/embedded/batch.ts` → `log/embedded`; files right under src are the room itself, `log`. */
function placeOf(file: string): string {
  const [, room, , folder, deeper] = file.split('/')
  return deeper === undefined ? `${room}` : `${room}/${folder}`
}

/** Where an import leads, as a place; undefined when it leaves the house. */
function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return placeOf(join(dirname(from), specifier))
  const [, room, folder] =
    /^(?:@heddle\/)?(heddle|(?<=@heddle\/)[a-z]+)(?:\/([a-z]+))?$/.exec(specifier) ?? []
  return room && (folder ? `${room}/${folder}` : room)
}

function imports(): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>()
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/'))
  for (const file of files.filter((name) => !/\.(test(-d)?|fixture)\.ts$|\/fixtures\//.test(name)).sort()) {
    const place = placeOf(file)
    const seen = places.get(place) ?? new Set()
    places.set(place, seen)
    for (const [, fixed, lazy] of readFileSync(root + file, 'utf8').matchAll(importPattern)) {
      const to = target(file, fixed ?? lazy ?? '')
      if (to && to !== place) seen.add(to)
    }
  }
  return places
}

const rank = (room: string): number => (walk.indexOf(room) + walk.length + 1) % (walk.length + 1)
const roomOf = (place: string): string => place.split('/')[0] ?? place
const innerOf = (place: string): string => place.slice(roomOf(place).length + 1)
const idOf = (place: string): string => place.replaceAll('/', '_')

function draw(places: Map<string, Set<string>>): string {
  const rooms = [...new Set([...places.keys()].map(roomOf))].sort((a, b) => rank(a) - rank(b))
  const lines = ['```mermaid', 'flowchart TD']
  for (const room of rooms) {
    const inner = [...places.keys()].filter((place) => roomOf(place) === room && place !== room)
    if (inner.length === 0) lines.push(`  ${room}`)
    else
      lines.push(
        `  subgraph ${room}`,
        ...inner.map((place) => `    ${idOf(place)}["${innerOf(place)}/"]`),
        '  end',
      )
  }

  const arrows = new Set<string>()
  for (const [from, targets] of places)
    for (const to of targets) {
      const [here, there] = [roomOf(from), roomOf(to)]
      // Between rooms, the room as a whole imports. Within one, the package's own index opens every inner room: no news.
      if (here !== there) arrows.add(`  ${here} --> ${places.has(to) ? idOf(to) : there}`)
      else if (from !== here && to !== here) arrows.add(`  ${idOf(from)} --> ${idOf(to)}`)
    }
  return [...lines, ...[...arrows].sort(), '```'].join('\n')
}

generated('ARCHITECTURE.md', (before) => {
  const [head, rest] = before.split(begin)
  const tail = rest?.split(end)[1]
  if (head === undefined || tail === undefined)
    throw new Error(`ARCHITECTURE.md has lost the line ${begin} or ${end}`)
  return `${head}${begin}\n\n${draw(imports())}\n\n${end}${tail}`
})
