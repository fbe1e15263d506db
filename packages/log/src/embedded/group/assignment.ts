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
  // One partition at a time, from the member that has the most to one that has at least two less, until there is none.
  for (;;) {
    const idle = new Map(
      [...new Set(candidates.map(({ topic }) => topic))].map((topic) => [topic, idlest(topic)]),
    )
    let best: { key: string; from: string; to: string; gain: number } | undefined
    for (const { key, topic } of candidates) {
      const from = target.get(key)
      const to = idle.get(topic)
      if (from === undefined || to === undefined) continue
      const gain = load.get(from)! - load.get(to)!
      if (gain >= Math.max(2, best?.gain ?? 0)) best = { key, from, to, gain }
    }
    if (best === undefined) break
    give(best.key, best.from, -1)
    give(best.key, best.to, 1)
  }
  return target
}
