/**
 * Who gets which partition in a classic group, as Kafka's CooperativeStickyAssignor: as even as can be, moving as little as
 * can be, and never giving a partition to one member while another has it (KIP-429).
 *
 * @module
 */
import type { TopicPartition } from '@heddle/core'
import type { Subscription } from '../wire/membership.ts'

/** Its name in the protocol: members agree on one that all of them know. */
export const cooperativeSticky = 'cooperative-sticky'

interface Place extends TopicPartition {
  readonly key: string
  /** Who may have it. */
  readonly candidates: readonly string[]
}

/**
 * One round. A partition that is to move is given to nobody: its owner gives it up, joins again, and the next round gives it away.
 *
 * @param members By id.
 * @param partitions How many each topic has; a topic that is not there has none.
 */
export function assign(
  members: ReadonlyMap<string, Subscription>,
  partitions: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const ids = [...members.keys()].sort()
  const places: Place[] = []
  for (const topic of [...partitions.keys()].sort()) {
    const candidates = ids.filter((id) => members.get(id)!.topics.includes(topic))
    if (candidates.length === 0) continue
    for (let partition = 0; partition < partitions.get(topic)!; partition++)
      places.push({ topic, partition, key: `${topic}/${partition}`, candidates })
  }
  const owners = ownersOf(members)
  const wanted = balance(ids, places, owners)
  const given = new Map<string, TopicPartition[]>(ids.map((id) => [id, []]))
  for (const { key, topic, partition } of places) {
    const id = wanted.get(key)!
    const owner = owners.get(key)
    if (owner === undefined || owner === id) given.get(id)!.push({ topic, partition })
  }
  return given
}

/** Who has which partition now. Of two who say that they do, the one of the later generation does. */
function ownersOf(members: ReadonlyMap<string, Subscription>): Map<string, string> {
  const claims = new Map<string, { readonly id: string; readonly generation: number }>()
  for (const [id, { owned, generation }] of [...members].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const { topic, partition } of owned) {
      const key = `${topic}/${partition}`
      const other = claims.get(key)
      if (other === undefined || other.generation < generation) claims.set(key, { id, generation })
    }
  return new Map([...claims].map(([key, { id }]) => [key, id]))
}

/** Who is to have each partition in the end. */
function balance(
  ids: readonly string[],
  places: readonly Place[],
  owners: ReadonlyMap<string, string>,
): Map<string, string> {
  const has = new Map<string, Set<Place>>(ids.map((id) => [id, new Set()]))
  const load = (id: string): number => has.get(id)!.size
  const lightest = (candidates: readonly string[]): string =>
    candidates.reduce((best, id) => (load(id) < load(best) ? id : best))

  const free: Place[] = []
  for (const place of places) {
    const owner = owners.get(place.key)
    if (owner !== undefined && place.candidates.includes(owner)) has.get(owner)!.add(place)
    else free.push(place)
  }
  for (const place of free) has.get(lightest(place.candidates))!.add(place)

  // Of the heaviest that can, one at a time, so that no more moves than has to: each step makes the loads more even.
  const move = (): boolean => {
    for (const id of ids.toSorted((a, b) => load(b) - load(a)))
      for (const place of has.get(id)!) {
        const other = lightest(place.candidates)
        if (load(other) + 1 >= load(id)) continue
        has.get(id)!.delete(place)
        has.get(other)!.add(place)
        return true
      }
    return false
  }
  while (move());
  return new Map([...has].flatMap(([id, all]) => [...all].map((place) => [place.key, id] as const)))
}
