/**
 * Who gets which partition: balanced, and with as few moves as that takes. The same input gives the same answer in
 * every process, so that members need not talk about it.
 *
 * @module
 */

/** What a member asks for. */
export interface Subscriber {
  readonly member: string
  readonly topics: readonly string[]
}

/** A partition, and who has it now. */
export interface Candidate {
  readonly key: string
  readonly topic: string
  readonly owner: string | undefined
}

/** Member of each partition, by the partition's key; one whose topic nobody asks for is left out. */
export function assign(
  subscribers: readonly Subscriber[],
  candidates: readonly Candidate[],
): Map<string, string> {
  const members = [...subscribers].sort((a, b) => (a.member < b.member ? -1 : 1))
  const load = new Map(members.map(({ member }) => [member, 0]))
  const wants = new Map(members.map(({ member, topics }) => [member, new Set(topics)]))
  const target = new Map<string, string>()
  const give = (key: string, member: string, by: 1 | -1): void => {
    if (by === 1) target.set(key, member)
    load.set(member, load.get(member)! + by)
  }
  const idlest = (topic: string): string | undefined => {
    let best: string | undefined
    for (const { member } of members)
      if (wants.get(member)!.has(topic) && (best === undefined || load.get(member)! < load.get(best)!))
        best = member
    return best
  }

  const free: Candidate[] = []
  for (const candidate of candidates) {
    const { key, topic, owner } = candidate
    if (owner !== undefined && wants.get(owner)?.has(topic) === true) give(key, owner, 1)
    else free.push(candidate)
  }
  for (const { key, topic } of free) {
    const member = idlest(topic)
    if (member !== undefined) give(key, member, 1)
  }
  // One partition at a time from a member to one that has at least two less, until there is none.
  for (let moved = true; moved;) {
    moved = false
    for (let i = candidates.length - 1; i >= 0; i--) {
      const { key, topic } = candidates[i]!
      const from = target.get(key)
      const to = idlest(topic)
      if (from === undefined || to === undefined || load.get(from)! - load.get(to)! < 2) continue
      give(key, from, -1)
      give(key, to, 1)
      moved = true
    }
  }
  return target
}
